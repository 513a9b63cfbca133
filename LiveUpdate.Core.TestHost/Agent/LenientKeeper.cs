using System.Runtime.InteropServices;
using LiveUpdate.Agent;

namespace LiveUpdate.TestHost.Agent;

/// <summary>A keeper that starts its agent again however often it dies: <c>keep FILE ARGUMENT...</c>.</summary>
internal static class LenientKeeper
{
    public static void Run(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        var options = new AgentKeeperOptions { MaxDeaths = int.MaxValue, RestartDelay = TimeSpan.Zero };
        Environment.ExitCode = AgentKeeper.Run(args[1], args[2..], options, stop.Token);
    }
}
