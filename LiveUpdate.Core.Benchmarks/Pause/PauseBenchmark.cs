using System.Diagnostics;
using System.Globalization;

namespace LiveUpdate.Benchmarks;

/// <summary>
/// The pause of an update, from the first freeze to the successor's first successful retrieve, beside other ways to update a program.
/// </summary>
/// <remarks>
/// The programs are started in turns, several times each, so that what else the machine does falls on all of them; it is the ratio that counts.
/// </remarks>
internal static class PauseBenchmark
{
    private const string Peer = "C, freezes and then sends, 1,000 files, 4 GiB";
    private const string Native = "successor, NativeAOT, 1,000 files, 4 GiB";
    private const string Jit = "successor, JIT without tiers, 1,000 files, 4 GiB";
    private const string TieredJit = "successor, JIT as it comes, 1,000 files, 4 GiB";
    private const string SmallRam = "successor, NativeAOT, 1,000 files, 64 MiB";
    private const string Many = "successor, NativeAOT, 10,000 files, 64 MiB";
    private const string Few = "successor, NativeAOT, 8 files, 64 MiB";
    private const string Exec = "exec, NativeAOT, 1,000 files, 4 GiB";
    private const string Copy = "RAM written to a file and read back, 4 GiB";

    /// <summary>Builds what is needed, measures and prints; the exit code.</summary>
    /// <param name="turns">How often each program is started.</param>
    public static int Run(int turns)
    {
        var programs = PausePrograms.Build();
        PauseRow[] rows = [.. CreateRows(programs)];
        for (int turn = 0; turn < turns; turn++)
        {
            foreach (PauseRow row in rows)
            {
                Console.WriteLine($"{turn + 1}/{turns} {row.Name}");
                Measure(row);
            }
        }

        PrintTable(rows);
        PrintTargets(rows.ToDictionary(static row => row.Name));
        return 0;
    }

    private static IEnumerable<PauseRow> CreateRows(PausePrograms programs)
    {
        yield return new PauseRow(Native, [.. programs.Native, "successor", "1000", "4096", "12"]);
        if (programs.Peer is { } peer)
            yield return new PauseRow(Peer, [peer, "1000", "4096", "12"]);
        yield return new PauseRow(Jit, ["env", "DOTNET_TieredCompilation=0", .. programs.Jit, "successor", "1000", "4096", "6"]);
        yield return new PauseRow(TieredJit, [.. programs.Jit, "successor", "1000", "4096", "6"]);
        yield return new PauseRow(SmallRam, [.. programs.Native, "successor", "1000", "64", "12"]);
        yield return new PauseRow(Many, [.. programs.Native, "successor", "10000", "64", "6"]);
        yield return new PauseRow(Few, [.. programs.Native, "successor", "8", "64", "12"]);
        yield return new PauseRow(Exec, [.. programs.Native, "exec", "1000", "4096", "3"]);
        yield return new PauseRow(Copy, [.. programs.Native, "copy", "4096", programs.ScratchFile]);
    }

    // The generations of one start share its output; the last of them ends it.
    private static void Measure(PauseRow row)
    {
        var start = new ProcessStartInfo(row.Program[0], row.Program.Skip(1)) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        while (process.StandardOutput.ReadLine() is { } line)
            row.Add(line);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{row.Name} ended with {process.ExitCode}.");
    }

    private static void PrintTable(PauseRow[] rows)
    {
        double peer = rows.FirstOrDefault(static row => row.Name == Peer)?.Median("pause") ?? double.NaN;
        Console.WriteLine();
        Console.WriteLine("| pause, first freeze to first retrieve | updates | lowest | median µs | 90 % | ratio to C |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (PauseRow row in rows)
        {
            double median = row.Median("pause");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Name} | {row.Count} | {row.Quantile("pause", 0):N0} | {median:N0} | {row.Quantile("pause", 0.9):N0} | {median / peer:N2} |"));
        }

        Console.WriteLine();
        Console.WriteLine("| median µs of each phase | freeze | serialize | hand-over | attach | verify | commit | activate | collections |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        string[] phases = ["freeze", "serialize", "hand-over", "attach", "verify", "commit", "activate", "collections"];
        foreach (PauseRow row in rows.Where(static row => !double.IsNaN(row.Median("freeze"))))
        {
            string figures = string.Join(" | ", phases.Select(phase => row.Median(phase).ToString("N1", CultureInfo.InvariantCulture)));
            Console.WriteLine($"| {row.Name} | {figures} |");
        }
    }

    private static void PrintTargets(Dictionary<string, PauseRow> rows)
    {
        double Pause(string name) => rows.TryGetValue(name, out PauseRow? row) ? row.Median("pause") : double.NaN;
        double perFile = (Pause(Many) - Pause(SmallRam)) * 1000 / 9000;
        double ready = rows[Few].Median("ready") - rows[Few].Median("main");
        Console.WriteLine();
        Console.WriteLine("| | target | measured | reached |");
        Console.WriteLine("|---|---|---|---|");
        Print("1,000 files, 4 GiB, NativeAOT", "µs", Pause(Native), 250);
        Print("1,000 files, 4 GiB, NativeAOT, over the C program", "", Pause(Native) / Pause(Peer), 1);
        Print("1,000 files, 4 GiB, JIT without tiers", "µs", Pause(Jit), 500);
        Print("1,000 files, 4 GiB, JIT without tiers, over the C program", "", Pause(Jit) / Pause(Peer), 1);
        Print("1,000 files, 4 GiB, JIT as it comes", "µs", Pause(TieredJit), 500);
        Print("each more of 10,000 files, NativeAOT", "ns", perFile, 150);
        Print("8 files, NativeAOT", "µs", Pause(Few), 100);
        Print("4 GiB over 64 MiB of RAM, NativeAOT", "", Pause(Native) / Pause(SmallRam), 1.15);
        Print("HandOver to a ready successor, its own start not counted, NativeAOT", "ms", ready / 1000, 15);
        Print("the same update by exec, over the successor", "", Pause(Exec) / Pause(Native), null);
        Print("RAM copied through a file, over the successor", "", Pause(Copy) / Pause(Native), null);
    }

    private static void Print(string name, string unit, double measured, double? target)
    {
        string limit = target is { } most ? string.Create(CultureInfo.InvariantCulture, $"≤ {most:N2} {unit}") : "";
        Console.WriteLine(new TargetResult(
            name, limit, string.Create(CultureInfo.InvariantCulture, $"{measured:N2} {unit}"), target is null ? null : measured <= target));
    }
}
