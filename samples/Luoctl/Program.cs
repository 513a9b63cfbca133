using System.Runtime.Versioning;
using LiveUpdate.Samples.Luoctl;

[assembly: SupportedOSPlatform("linux")]

// Shows what an agent (samples/Luod) holds and does, and makes updates. Exit codes: ExitCode.cs.
if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("luoctl needs Linux.");
    return ExitCode.Usage;
}

using var interruption = new Interruption();
return await new LuoctlCommandLine(LuoctlConsole.OfProcess()).RunAsync(args, interruption.Token);
