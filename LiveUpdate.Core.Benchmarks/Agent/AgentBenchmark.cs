using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>The speed of the agent's requests, beside the device without an agent and beside a bare round trip.</summary>
internal static class AgentBenchmark
{
    /// <summary>Runs the benchmarks of that name in one run, and prints the tables; the exit code.</summary>
    /// <param name="filter">The filter of BenchmarkDotNet.</param>
    public static int Run(string filter)
    {
        Type[] types = [typeof(CreateSession), typeof(PreserveDescriptors), typeof(RetrieveDescriptors), typeof(ManyClients)];
        try
        {
            IEnumerable<Summary> summaries = BenchmarkSwitcher.FromTypes(types).Run(["--filter", filter], new AgentConfig());
            BenchmarkReport[] reports = [.. summaries.SelectMany(static summary => summary.Reports)];
            var tables = new AgentTables(reports);
            tables.PrintLatency();
            tables.PrintThroughput();
            AgentAllocations.Print();
            return reports.Length > 0 && reports.All(static report => report.Success) ? 0 : 1;
        }
        finally
        {
            AgentWork.End();
        }
    }
}
