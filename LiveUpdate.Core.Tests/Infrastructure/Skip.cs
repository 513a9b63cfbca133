namespace LiveUpdate.Tests.Infrastructure;

/// <summary>Ends a test that cannot run here.</summary>
internal static class Skip
{
    /// <summary>Prints the reason, which the runner alone leaves out, and ends the test.</summary>
    public static void Because(string reason)
    {
        TestContext.Progress.WriteLine($"Skipped {TestContext.CurrentContext.Test.FullName}: {reason}");
        Assert.Ignore(reason);
    }
}
