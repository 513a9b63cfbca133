using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>The process that runs mutated inputs. What ends or stops it is found by <see cref="MutateCommand"/>.</summary>
internal static class MutateWorker
{
    /// <summary>What begins the line of a target's figures.</summary>
    public const string Figures = "figures";

    /// <summary>What begins the line of a finding.</summary>
    public const string Found = "found";

    // A target that fails at every input says so a few times.
    private const int MostFindings = 3;

    /// <summary>Runs the targets one after the other.</summary>
    /// <param name="folder">Where the input in progress is to be found, and where findings go.</param>
    /// <param name="arguments">What to run.</param>
    public static void Run(string folder, FuzzArguments arguments)
    {
        long start = Stopwatch.GetTimestamp();
        using RunningInput place = RunningInput.Create(folder, FuzzTargets.LongestInput);
        for (int i = 0; i < arguments.Targets.Count; i++)
        {
            place.Begin(i);
            using FuzzTarget target = FuzzTargets.Make(arguments.Targets[i]);
            var run = new TargetRun(target, place);
            TimeSpan end = arguments.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) * (i + 1) / arguments.Targets.Count : TimeSpan.MaxValue;
            long count = arguments.Count is { } most ? Math.Max(20, most / target.Cost) : long.MaxValue;
            Run(arguments.Targets[i], target, run, folder, arguments.Seed, count, () => Stopwatch.GetElapsedTime(start) < end);
            string outcomes = string.Join(", ", run.Outcomes.OrderBy(static outcome => outcome.Key).Select(static outcome => $"{outcome.Key} {outcome.Value}"));
            Console.WriteLine($"{Figures} {arguments.Targets[i]} {run.Inputs} {outcomes}");
        }
    }

    private static void Run(string name, FuzzTarget target, TargetRun run, string folder, int seed, long count, Func<bool> goesOn)
    {
        int findings = 0;
        foreach (byte[] input in target.Seeds)
            findings += Try(name, run, input, atStart: false, folder);

        var mutator = new Mutator(target, seed);
        for (long i = 0; i < count && findings < MostFindings && ((i & 15) != 0 || goesOn()); i++)
            findings += Try(name, run, mutator.Next(out bool atStart), atStart, folder);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever a reader throws and does not document is a finding.")]
    private static int Try(string name, TargetRun run, ReadOnlySpan<byte> input, bool atStart, string folder)
    {
        try
        {
            run.Run(input, atStart);
            return 0;
        }
        catch (Exception exception)
        {
            string file = Path.Combine(folder, $"{name}-{run.Inputs}");
            File.WriteAllBytes(file, input);
            Console.WriteLine($"{Found} {name} {file} {exception.ToString().ReplaceLineEndings(" | ")}");
            return 1;
        }
    }
}
