using System.Runtime.InteropServices;
using LiveUpdate.Agent;
using Microsoft.Extensions.Logging;

namespace LiveUpdate.Samples.Luod;

/// <summary>The parent of the daemon: starts it with the same arguments but --keeper.</summary>
internal static class KeeperProcess
{
    public static int Run(LuodSettings settings)
    {
        using ILoggerFactory logging = LuodLogging.Create(settings);
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration terminate = OnSignal(PosixSignal.SIGTERM, stop);
        using PosixSignalRegistration interrupt = OnSignal(PosixSignal.SIGINT, stop);
        string[] main = Environment.GetCommandLineArgs();
        string program = Environment.ProcessPath!;
        IEnumerable<string> arguments = main[1..].Where(static argument => argument != "--keeper");

        // Run by the shared host, the program is the host's first argument.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            arguments = arguments.Prepend(Path.GetFullPath(main[0]));
        return AgentKeeper.Run(program, [.. arguments], new AgentKeeperOptions { Logger = logging.CreateLogger("luod.keeper") }, stop.Token);
    }

    private static PosixSignalRegistration OnSignal(PosixSignal signal, CancellationTokenSource stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
}
