namespace LiveUpdate.Tests.Infrastructure;

/// <summary>Asserts that an operation is refused.</summary>
internal static class Refused
{
    /// <summary>Asserts that an operation is refused with an error.</summary>
    /// <returns>The refusal, for a look at its session, token, handler and cause.</returns>
    public static LiveUpdateException With(LiveUpdateError error, Action operation)
    {
        LiveUpdateException? refusal = Assert.Throws<LiveUpdateException>(() => operation());
        Assert.That(refusal!.Error, Is.EqualTo(error), refusal.ToString());
        return refusal;
    }
}
