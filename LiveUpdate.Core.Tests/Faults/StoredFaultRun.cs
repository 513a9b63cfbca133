using System.Runtime.Versioning;
using LiveUpdate.Tests.Handover;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Rewriting;

namespace LiveUpdate.Tests.Faults;

/// <summary>
/// As <see cref="CallFaultRun"/>, for a service that hands over to a real systemd: it goes on by itself until every call has failed once.
/// </summary>
/// <param name="library">A copy made by <see cref="FaultyCalls"/>.</param>
/// <param name="side"><c>old</c> for the hand-over, <c>new</c> for the boot.</param>
[SupportedOSPlatform("linux")]
internal sealed class StoredFaultRun(RewrittenLibrary library, string side)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(16);

    /// <summary>How many calls were let fail.</summary>
    public int Calls { get; private set; }

    /// <summary>How many of them did no harm: the hand-over, or the boot, succeeded all the same.</summary>
    public int Survived { get; private set; }

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<string> Findings { get; private set; } = [];

    /// <summary>Lets call after call fail, from the first on in steps.</summary>
    public void Run(int first, int step)
    {
        ProgramRun run = ServiceManagerLab.RunHost(library.Folder, s_limit, "stored-call-faults", side, $"{first}", $"{step}");
        Calls = run.Lines.Count(static line => line.StartsWith("call ", StringComparison.Ordinal) && !line.Contains(": none of", StringComparison.Ordinal));
        Survived = Calls - run.Lines.Count(static line => line.StartsWith("called off", StringComparison.Ordinal) || line.StartsWith("boots again", StringComparison.Ordinal));
        if (run.ExitCode != 0 || !run.Lines.Contains("swept") || run.Lines.Any(static line => line.StartsWith("wrong", StringComparison.Ordinal)))
            Findings = [$"store {side} from {first} in steps of {step}: exit code {run.ExitCode}\n{string.Join('\n', run.Lines)}\n{run.Errors}"];
    }

    /// <inheritdoc/>
    public override string ToString() => $"store {side} errno";
}
