using System.Globalization;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>
/// What a request allocates on each side. Counted, not timed: many requests of a kind, and the growth of what was allocated.
/// </summary>
internal sealed class AgentAllocations(AgentWork work, AgentDevice device)
{
    private const int Rounds = 8;

    /// <summary>Measures and prints the table.</summary>
    public static void Print()
    {
        using AgentDevice device = AgentWork.Current.Connect();
        new AgentAllocations(AgentWork.Current, device).PrintAll();
    }

    private void PrintAll()
    {
        Console.WriteLine();
        Console.WriteLine("| bytes allocated a request | agent | client |");
        Console.WriteLine("|---|---|---|");
        Print("create a session and close it", () =>
        {
            for (int i = 0; i < AgentWork.Requests; i++)
                device.CreateSession("allocations").Close();
        });
        using Session session = device.CreateSession("allocations");
        Print("get name", () =>
        {
            for (int i = 0; i < AgentWork.Requests; i++)
                session.CheckUsable("get name");
        });
        SafeFileHandle[] files = Memfd.CreateMany(AgentWork.Requests * (Rounds + 1));
        int next = 0;
        Print("preserve a memfd", () =>
        {
            for (int i = 0; i < AgentWork.Requests; i++, next++)
                session.Preserve((ulong)next, files[next]);
        });
        Memfd.CloseAll(files);
        using Session incoming = device.RetrieveSession(work.NextIncoming());
        Print("retrieve a memfd again", () =>
        {
            for (int i = 0; i < AgentWork.Requests; i++)
                incoming.Retrieve<SafeFileHandle>((ulong)i).Dispose();
        });
    }

    private void Print(string name, Action invocation)
    {
        // The first time, what lasts is made.
        invocation();
        long agent = work.AllocatedByAgent();
        long client = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
            invocation();
        client = GC.GetAllocatedBytesForCurrentThread() - client;
        agent = work.AllocatedByAgent() - agent;
        const double Count = Rounds * AgentWork.Requests;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {agent / Count:N0} | {client / Count:N0} |"));
    }
}
