using System.Diagnostics;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>
/// Mutates inputs in other processes and watches them: what crashes or stops one is saved, and the targets behind it go on in a new one.
/// </summary>
internal sealed class MutateCommand(FuzzArguments arguments)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _inputs = new(StringComparer.Ordinal);
    private readonly string _folder = Directory.CreateTempSubdirectory("liveupdate-fuzzing-").FullName;
    private int _findings;

    /// <summary>Does it all.</summary>
    /// <returns>The exit code: 0 if nothing was found.</returns>
    public int Run()
    {
        Console.WriteLine($"mutate --seed {arguments.Seed}");
        Parallel.For(
            0, arguments.Workers, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, arguments.Workers) }, worker => Work(worker, arguments with { Seed = arguments.Seed + worker }));
        if (_findings == 0)
            Directory.Delete(_folder, recursive: true);
        Console.WriteLine($"mutate: inputs {_inputs.Values.Sum()}, targets {_inputs.Count}, findings {_findings}");
        return _findings == 0 ? 0 : 1;
    }

    private void Work(int worker, FuzzArguments rest)
    {
        for (int part = 0; rest.Targets.Count > 0; part++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(_folder, $"{worker}-{part}")).FullName;
            long start = Stopwatch.GetTimestamp();
            if (WorkOnce(folder, rest) is not { } stopped)
                return;
            int? seconds = rest.Seconds - (int)Stopwatch.GetElapsedTime(start).TotalSeconds;
            rest = rest with { Targets = [.. rest.Targets.Skip(stopped + 1)], Seconds = seconds is < 0 ? 0 : seconds };
        }
    }

    /// <returns>The target that ended or stopped the process; null if it came to its end.</returns>
    private int? WorkOnce(string folder, FuzzArguments rest)
    {
        using Process process = Start(folder, rest);
        process.OutputDataReceived += (_, line) => Take(rest, line.Data);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.BeginOutputReadLine();
        bool hangs = !WaitForEnd(process, folder);
        if (hangs)
            process.Kill();
        process.WaitForExit();
        if (!hangs && process.ExitCode == 0)
            return null;
        (RunningState state, byte[] input) = RunningInput.Find(folder);
        string name = rest.Targets[state.Target], file = Path.Combine(folder, $"{name}-{(hangs ? "hang" : "crash")}");
        File.WriteAllBytes(file, input);
        string how = hangs ? $"hang: more than {rest.Patience} s" : $"crash: exit code {process.ExitCode} {string.Join(" | ", errors.Result.Split('\n').Take(12))}";
        Take(rest, $"{MutateWorker.Found} {name} {file} input {state.Number}, {how}");
        Take(rest, $"{MutateWorker.Figures} {name} {state.Number} the last of them not to its end");
        return state.Target;
    }

    private bool WaitForEnd(Process process, string folder)
    {
        (int, long) last = default;
        long changed = Stopwatch.GetTimestamp();
        while (!process.WaitForExit(s_look))
        {
            RunningState state = RunningInput.FindState(folder);
            if ((state.Target, state.Number) != last)
                (last, changed) = ((state.Target, state.Number), Stopwatch.GetTimestamp());
            else if (Stopwatch.GetElapsedTime(changed) > TimeSpan.FromSeconds(arguments.Patience))
                return false;
        }

        return true;
    }

    private static Process Start(string folder, FuzzArguments rest)
    {
        string program = Environment.ProcessPath!;
        string[] own = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(MutateCommand).Assembly.Location] : [];
        var start = new ProcessStartInfo(program, [.. own, "worker", folder, .. rest.ToArguments()]) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Nobody reads the dump of a process that an input has ended.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(start)!;
    }

    private void Take(FuzzArguments rest, string? line)
    {
        if (line is null)
            return;
        lock (_lock)
        {
            string[] words = line.Split(' ', 4);
            if (words[0] == MutateWorker.Figures)
            {
                _inputs[words[1]] = _inputs.GetValueOrDefault(words[1]) + long.Parse(words[2]);
                Console.WriteLine($"{words[1]}: {words[2]} inputs, {words[3]}");
            }
            else if (words[0] == MutateWorker.Found)
            {
                _findings++;
                Console.WriteLine($"FINDING {words[1]}, seed {rest.Seed}: {words[3]} (reproduce {words[1]} {words[2]})");
            }
            else
            {
                Console.WriteLine(line);
            }
        }
    }
}
