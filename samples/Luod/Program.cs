using System.CommandLine;
using System.Runtime.Versioning;
using LiveUpdate;
using LiveUpdate.Samples.Luod;

[assembly: SupportedOSPlatform("linux")]

// The agent: holds the sessions of a machine's programs, and carries updates out with them.
// Exit codes: 0 told to stop, or replaced by a successor; 1 it could not start or go on; 2 wrong arguments or not Linux; 70 the keeper gave up.
if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("luod needs Linux.");
    return 2;
}

var line = new LuodCommandLine();
line.Command.SetAction(parsed =>
{
    LuodSettings settings = line.Read(parsed);
    try
    {
        return settings.IsKeeper ? KeeperProcess.Run(settings) : AgentProcess.RunAsync(settings).GetAwaiter().GetResult();
    }
    catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"luod: {exception.Message}");
        return 1;
    }
});
ParseResult parsed = line.Command.Parse(args);
return parsed.Errors.Count > 0 ? Math.Max(2, parsed.Invoke()) : parsed.Invoke();
