using System.IO.Pipes;
using LiveUpdate.Agent;
using LiveUpdate.TestHost.Successor;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>An agent whose descriptors the service manager keeps, in four lives of a service that is started again and again.</summary>
internal static class StoredAgent
{
    private const int Room = 6;

    private static string Command => $"ExecStart={ThisProgram.File} {string.Join(' ', ThisProgram.With("stored-agent"))}";

    /// <summary>Leads the service through its lives.</summary>
    public static string[] Lead()
    {
        LabUnit unit = LabUnit.Start("stored-agent", "", Command, $"FileDescriptorStoreMax={Room}");
        unit.Await("life 4");
        string[] lines = unit.Lines;
        unit.Stop();
        return lines;
    }

    /// <summary>As a service without a store: nothing is found.</summary>
    public static string[] LeadWithout()
    {
        LabUnit unit = LabUnit.Start("unstored-agent", "", Command, "FileDescriptorStoreMax=0", "NotifyAccess=main");
        unit.Await("no store");
        string[] lines = unit.Lines;
        unit.Stop();
        return [.. lines.Take(1)];
    }

    /// <summary>One life.</summary>
    public static void Run()
    {
        using AgentStore store = AgentStore.Find();
        if (!store.Keeps)
        {
            Scenario.Say($"no store: {string.Join(' ', store.Check().Select(static finding => finding.Id))}");
            Thread.Sleep(Timeout.Infinite);
        }

        store.Logger = new ConsoleLogger();
        IReadOnlyDictionary<string, SafeFileHandle> taken = store.Take();
        int life = taken.TryGetValue("life", out SafeFileHandle? file) ? Read(file) + 1 : IsStopped() ? 4 : 1;
        string given = string.Join(' ', taken.Keys.Order(StringComparer.Ordinal).Select(key => $"{key}={Read(taken[key])}"));
        Scenario.Say($"life {life}: given {given}, others' {OthersNames()}, capacity {store.Capacity}");
        switch (life)
        {
            case 1:
                Put(store, "life", 1);
                Put(store, "c0", 10);
                Put(store, "c1", 11);
                Put(store, "f0", 20);
                store.Remove("c0");
                Put(store, "c0", 12);
                store.Remove("f0");
                PutOthers();
                Victim.Die();
                break;
            case 2:
                foreach (PreflightFinding finding in store.Check())
                    Scenario.Say($"finding: {finding.Severity} {finding.Id}");
                Put(store, "life", 2);
                Put(store, "f1", 30);
                Put(store, "f2", 31);
                Scenario.Say(Refusal(() => Put(store, "f3", 32)));
                store.Remove("f2");
                Put(store, "f3", 32);
                store.Remove("c1");
                Scenario.Say(Refusal(() => store.Store("twice", taken["c0"])));
                Scenario.Say(IsClosedOnceSettled(store) ? "settled: closed" : "settled: open still");
                Victim.Die();
                break;
            case 3:
                File.WriteAllText("/run/stored-agent.stopped", "");
                store.Stop();
                break;
            default:
                Thread.Sleep(Timeout.Infinite);
                break;
        }
    }

    // The other end of a pipe is at its end when the last copy is closed.
    private static bool IsClosedOnceSettled(AgentStore store)
    {
        using var reader = new AnonymousPipeServerStream(PipeDirection.In);
        using (SafePipeHandle writer = reader.ClientSafePipeHandle)
            store.Store("s0", writer);
        store.Remove("s0");
        store.Settle();
        return reader.ReadByte() < 0;
    }

    // The places of what was taken stay, before those of others.
    private static string OthersNames() =>
        string.Join(' ', (Environment.GetEnvironmentVariable("LISTEN_FDNAMES") ?? "").Split(':').Where(static name => name != "liveupdate-taken"));

    private static bool IsStopped() => File.Exists("/run/stored-agent.stopped");

    private static string Refusal(Action action)
    {
        try
        {
            action();
            return "not refused";
        }
        catch (LiveUpdateException exception)
        {
            return $"refused with {exception.Error}";
        }
    }

    private static void Put(AgentStore store, string key, int value)
    {
        using SafeFileHandle file = Libc.Memfd(sizeof(int), 0);
        RandomAccess.Write(file, BitConverter.GetBytes(value), 0);
        store.Store(key, file);
    }

    // The program's own: it stays, and its name as well.
    private static void PutOthers()
    {
        using NotifyConnection connection = NotifyConnection.Open();
        using SafeFileHandle file = Libc.EventFd(1);
        connection.Store("others", file, Deadline.After(TimeSpan.FromSeconds(60)));
        connection.Barrier(Deadline.After(TimeSpan.FromSeconds(60)));
    }

    private static int Read(SafeFileHandle file)
    {
        byte[] value = new byte[sizeof(int)];
        RandomAccess.Read(file, value, 0);
        return BitConverter.ToInt32(value);
    }
}
