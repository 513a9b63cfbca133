using System.Diagnostics;
using System.Globalization;
using LiveUpdate.Agent;
using LiveUpdate.Interop;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>Updates of the daemon with many clients, each a subscriber with one session with one memfd of 1 MiB.</summary>
internal static class UpdateBenchmark
{
    private const int ClientsPerProcess = 250;

    // In the agent: two connections, a session and a file, which is open twice for a moment.
    private const int DescriptorsPerClient = 5;
    private const int OtherDescriptors = 512;

    private const string Keeper = ", --keeper";
    private const string Total = "update-to-finished";
    private const string Wait = "longest-wait";

    /// <summary>Measures and prints; the exit code.</summary>
    /// <param name="clients">How many clients there are.</param>
    /// <param name="updates">How many updates each kind of daemon goes through, one more before them not counted.</param>
    /// <param name="isNative">Whether the daemon that is compiled ahead of time is built and measured, too.</param>
    public static int Run(int clients, int updates, bool isNative)
    {
        ulong needed = (ulong)((clients * DescriptorsPerClient) + OtherDescriptors);
        if (Libc.Getrlimit(Libc.RLIMIT_NOFILE, out Libc.ResourceLimit limit) != 0 || limit.Hard < needed)
        {
            Console.Error.WriteLine($"{clients} clients need {needed} descriptors a process, the limit is {limit.Hard}: raise ulimit -Hn.");
            return 1;
        }

        List<PauseRow> rows = isNative ? [.. RowsOf("luod, NativeAOT", LuodPrograms.BuildNative())] : [];
        rows.AddRange(RowsOf("luod, JIT", LuodPrograms.Jit));
        var phases = new List<string>();
        foreach (PauseRow row in rows)
            MeasureAsync(row, row.Name.EndsWith(Keeper, StringComparison.Ordinal), clients, updates, phases).GetAwaiter().GetResult();
        Print(rows, phases, clients);
        return 0;
    }

    private static PauseRow[] RowsOf(string name, string[] program) => [new(name, program), new(name + Keeper, program)];

    private static async Task MeasureAsync(PauseRow row, bool isKept, int clients, int updates, List<string> phases)
    {
        Console.WriteLine($"{row.Name}: {clients} clients, {updates} updates");
        (LuodProcess luod, AgentClient driver) = await LuodProcess.StartAsync(row.Program, clients, isKept);
        var processes = new List<ChildProgram>();
        await using (luod)
        {
            try
            {
                for (int first = 0; first < clients; first += ClientsPerProcess)
                {
                    int count = Math.Min(ClientsPerProcess, clients - first);
                    string[] numbers = [first.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture)];
                    processes.Add(new ChildProgram([UpdateClients.Verb, luod.Directory, .. numbers]));
                }

                using var probe = new WaitProbe(driver.OpenDevice());
                for (int i = 0; i <= updates; i++)
                {
                    string line = await UpdateAsync(driver, probe, clients, phases);
                    await luod.FindAgentAsync(driver);
                    Console.WriteLine(line);

                    // The first one finds clients whose code has never run.
                    if (i > 0)
                        row.Add(line);
                }
            }
            catch (LiveUpdateException exception)
            {
                throw new InvalidOperationException($"{row.Name} failed; it said:\n{string.Join('\n', luod.Log)}", exception);
            }
            finally
            {
                foreach (ChildProgram process in processes)
                    process.Dispose();
                await driver.DisposeAsync();
            }
        }
    }

    private static async Task<string> UpdateAsync(AgentClient driver, WaitProbe probe, int clients, List<string> phases)
    {
        _ = probe.TakeLongest();
        long start = Stopwatch.GetTimestamp();
        AgentUpdateResult result = await driver.UpdateAsync();
        TimeSpan total = Stopwatch.GetElapsedTime(start);
        if (result.Unfinished.Count > 0 || result.Subscribers.Count != clients)
        {
            throw new InvalidOperationException(
                $"{result.Subscribers.Count} of {clients} clients took part, and did not finish: {string.Join(", ", result.Unfinished)}.");
        }

        // A phase of the way into the next generation may have the name of one of the update's own.
        List<(string Name, TimeSpan Duration)> lasted =
        [
            .. result.Phases.GroupBy(static phase => phase.Name).Select(static same =>
                (same.Key, same.Aggregate(TimeSpan.Zero, static (sum, phase) => sum + phase.Duration))),
        ];
        phases.AddRange(lasted.Select(static phase => phase.Name).Except(phases));
        return string.Join(' ', lasted.Prepend((Wait, probe.TakeLongest())).Prepend((Total, total)).Select(static figure =>
            string.Create(CultureInfo.InvariantCulture, $"{figure.Item1} {figure.Item2.TotalMicroseconds:F1}")));
    }

    private static void Print(List<PauseRow> rows, List<string> phases, int clients)
    {
        Console.WriteLine();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {clients:N0} clients, ms | updates | start to all finished, lowest | median | highest | longest wait, median | highest |"));
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (PauseRow row in rows)
        {
            double[] values = [row.Quantile(Total, 0), row.Median(Total), row.Quantile(Total, 1), row.Median(Wait), row.Quantile(Wait, 1)];
            string figures = string.Join(" | ", values.Select(Milliseconds));
            Console.WriteLine($"| {row.Name} | {row.CountOf(Total)} | {figures} |");
        }

        Console.WriteLine();
        Console.WriteLine($"| median ms of each phase | {string.Join(" | ", phases)} |");
        Console.WriteLine($"|---|{string.Concat(Enumerable.Repeat("---|", phases.Count))}");
        foreach (PauseRow row in rows)
            Console.WriteLine($"| {row.Name} | {string.Join(" | ", phases.Select(phase => Milliseconds(row.Median(phase))))} |");
    }

    private static string Milliseconds(double microseconds) => (microseconds / 1000).ToString("N1", CultureInfo.InvariantCulture);
}
