namespace LiveUpdate.Tests.Infrastructure;

/// <summary>The repository in which the tests run.</summary>
internal static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = Find();

    /// <summary>Skips the test, and says why, where processes of other users cannot run what was built, as in a home that is closed to them.</summary>
    public static void SkipIfClosedToOthers()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(folder) & UnixFileMode.OtherExecute) != 0)
                continue;
            string reason = $"Processes of other users cannot run what was built: {folder} is closed to them.";
            Skip.Because(reason);
        }
    }

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "LiveUpdate.Core.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests do not run in the repository.");
    }
}
