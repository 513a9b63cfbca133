using System.Globalization;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Rewriting;

namespace LiveUpdate.Tests.Faults;

/// <summary>
/// Hand-overs of real processes in which one system call of one side fails: either nothing happened, or the new process has everything.
/// </summary>
/// <param name="library">A copy made by <see cref="FaultyCalls"/>.</param>
/// <param name="way">How the successor comes to be, as the program knows it.</param>
/// <param name="side">Whose call fails.</param>
/// <param name="error">How it fails, as the program knows it.</param>
internal sealed class CallFaultRun(RewrittenLibrary library, string way, string side, string error)
{
    // The end of what a successor says that has nobody to take over from.
    private const string GoneAsItShould = "this successor exits with code 75.";

    // A hand-over takes less than a second; this is for one that hangs, and for those before it in the same process.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly List<string> _findings = [];
    private readonly SortedDictionary<string, int> _survivors = [];

    /// <summary>How many calls were let fail.</summary>
    public int Calls { get; private set; }

    /// <summary>How many of them did no harm: the hand-over succeeded all the same.</summary>
    public int Survived => _survivors.Values.Sum();

    /// <summary>Those, by the call: <c>Madvise ENOMEM 2, Poll EINTR 3</c>.</summary>
    public string Survivors => string.Join(", ", _survivors.Select(static call => $"{call.Key} {call.Value}"));

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>Lets call after call fail, from the first on in steps, until there are no more.</summary>
    public void Run(int first, int step, Func<bool>? goesOn = null)
    {
        int next = first;
        while (goesOn?.Invoke() != false)
        {
            int last = RunOnce(next, step);
            if (last < next)
                return;
            next = last + step;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{way} {side} {error}";

    /// <summary>Runs a program until a hand-over succeeds.</summary>
    /// <returns>The call that failed in that one; less than the first if there was none of that number, or something is wrong.</returns>
    private int RunOnce(int first, int step)
    {
        ProgramRun run = library.Run("LiveUpdate.Core.TestHost", s_limit, "call-faults", way, side, $"{first}", $"{step}", error);
        (int Number, string Call)[] calls = [.. run.Lines.Where(static line => line.StartsWith("call ", StringComparison.Ordinal)).Select(Parse)];
        (int Number, string Call)[] failed = [.. calls.Where(static call => !call.Call.StartsWith("none", StringComparison.Ordinal))];
        Calls += failed.Length;
        int owners = run.Lines.Count(static line => line == "new owner");
        bool isWrong = run.Lines.Any(static line => line.StartsWith("wrong", StringComparison.Ordinal));
        bool complains = run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Any(static line => !line.EndsWith(GoneAsItShould, StringComparison.Ordinal));
        if (owners != 1 || isWrong || complains)
        {
            _findings.Add($"{this} from {first} in steps of {step}: {owners} new owners, exit code {run.ExitCode}\n{string.Join('\n', run.Lines)}\n{run.Errors}");
            return -1;
        }

        // The next image cannot say that a call of that number was not made.
        bool calledOff = Array.FindLastIndex(run.Lines, static line => line.StartsWith("called off", StringComparison.Ordinal)) >
            Array.FindLastIndex(run.Lines, static line => line.StartsWith("call ", StringComparison.Ordinal));
        if (failed.Length < calls.Length || failed.Length == 0 || calledOff)
            return -1;
        _survivors[failed[^1].Call] = _survivors.GetValueOrDefault(failed[^1].Call) + 1;
        return failed[^1].Number;
    }

    private static (int Number, string Call) Parse(string line)
    {
        string[] parts = line["call ".Length..].Split(": ", 2);
        return (int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
    }
}
