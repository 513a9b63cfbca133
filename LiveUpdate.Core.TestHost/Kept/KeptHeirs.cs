using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.TestHost.ServiceManager;
using LiveUpdate.TestHost.Successor;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Kept;

/// <summary>
/// A keeper whose agent hands over its end of the socket to a successor: the first successor dies, and the keeper starts the agent again;
/// the second one is the agent that the keeper's SIGTERM reaches.
/// </summary>
internal static class KeptHeirs
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>The keeper.</summary>
    public static void Run()
    {
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        int code = AgentKeeper.Run(
            ThisProgram.File,
            ThisProgram.With("kept-parent"),
            new AgentKeeperOptions { MaxDescriptors = 100, Logger = new ConsoleLogger() },
            stop.Token);
        Scenario.Say($"the keeper ends with {code}");
    }

    /// <summary>The agent that the keeper starts. It hands over at once and ends.</summary>
    public static void RunParent()
    {
        using AgentStore store = AgentStore.Keeper();
        IReadOnlyDictionary<string, SafeFileHandle> taken = store.Take();
        Scenario.Say($"agent: given {string.Join(' ', taken.Keys.Order(StringComparer.Ordinal))}");
        if (taken.Count == 0)
        {
            using SafeFileHandle file = Libc.EventFd(1);
            store.Store("by-agent", file);
        }

        string[] status = File.ReadAllLines("/proc/self/status");
        string parent = status.First(static line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..].Trim();
        string[] heir = ThisProgram.With("kept-heir", parent, taken.Count == 0 ? "die" : "stop");
        using var arguments = new NativeStringArray([ThisProgram.File, .. heir]);
        using var environment = new NativeStringArray(["DOTNET_EnableDiagnostics=0"]);
        using ProcessHandle child = ChildProcess.Start(ThisProgram.File, arguments, environment, store.Connection!);
    }

    /// <summary>A successor.</summary>
    public static void RunHeir(string[] args)
    {
        using AgentStore store = AgentStore.Keeper(new SafeFileHandle(ChildProcess.InheritedDescriptor, ownsHandle: true));
        using var told = new ManualResetEventSlim();
        using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            told.Set();
        });
        Scenario.Say($"successor: given {store.Take().Count}, has a keeper {store.Keeps}");
        if (args[2] == "die")
        {
            using SafeFileHandle file = Libc.EventFd(2);
            store.Store("by-successor", file);
            Victim.Die();
        }

        _ = LiveUpdate.Interop.Libc.Kill(int.Parse(args[1], CultureInfo.InvariantCulture), LiveUpdate.Interop.Libc.SIGTERM);
        Scenario.Say($"successor: told to stop {told.Wait(s_patience)}");
    }
}
