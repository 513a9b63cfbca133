using System.Globalization;
using BenchmarkDotNet.Reports;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>The tables of docs/performance.md, "The agent", out of what was measured.</summary>
internal sealed class AgentTables(IReadOnlyCollection<BenchmarkReport> reports)
{
    /// <summary>Prints one request at a time, beside the device without an agent and the round trip.</summary>
    public void PrintLatency()
    {
        Console.WriteLine();
        Console.WriteLine("| one at a time, median µs | agent | managed device | bare round trip | agent / round trip | agent / managed |");
        Console.WriteLine("|---|---|---|---|---|---|");
        PrintLatency("create a session and close it", typeof(CreateSession));
        PrintLatency("preserve a memfd", typeof(PreserveDescriptors));
        PrintLatency("retrieve a memfd", typeof(RetrieveDescriptors));
    }

    /// <summary>Prints requests a second of several clients.</summary>
    public void PrintThroughput()
    {
        Console.WriteLine();
        Console.WriteLine("| clients | get name, requests/s | preserve, requests/s | bare round trips/s | preserve / round trips |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (int clients in Clients)
        {
            double names = 1e9 / Median(typeof(ManyClients), nameof(ManyClients.GetName), clients);
            double preserves = 1e9 / Median(typeof(ManyClients), nameof(ManyClients.Preserve), clients);
            double trips = 1e9 / Median(typeof(ManyClients), nameof(ManyClients.RoundTrip), clients);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {clients} | {names:N0} | {preserves:N0} | {trips:N0} | {preserves / trips:N2} |"));
        }
    }

    private IEnumerable<int> Clients => reports
        .Where(static report => report.BenchmarkCase.Descriptor.Type == typeof(ManyClients))
        .Select(ClientsOf).Distinct().Order();

    private void PrintLatency(string request, Type type)
    {
        // All three classes have the same three methods.
        double agent = Median(type, nameof(CreateSession.Agent)) / 1000;
        double managed = Median(type, nameof(CreateSession.Managed)) / 1000;
        double trip = Median(type, nameof(CreateSession.RoundTrip)) / 1000;
        if (double.IsNaN(agent))
            return;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {request} | {agent:N1} | {managed:N1} | {trip:N1} | {agent / trip:N2} | {agent / managed:N1} |"));
    }

    // NaN for what was filtered out or failed.
    private double Median(Type type, string method, int clients = 0) => reports.FirstOrDefault(report =>
        report.BenchmarkCase.Descriptor.Type == type &&
        report.BenchmarkCase.Descriptor.WorkloadMethod.Name == method &&
        ClientsOf(report) == clients)?.ResultStatistics?.Median ?? double.NaN;

    private static int ClientsOf(BenchmarkReport report) =>
        report.BenchmarkCase.Parameters.Items.FirstOrDefault(static item => item.Name == nameof(ManyClients.Clients))?.Value as int? ?? 0;
}
