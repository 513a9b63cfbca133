using LiveUpdate.Abi;
using Microsoft.Extensions.Logging;

namespace LiveUpdate;

/// <summary>What several targets look for before a hand-over, and what becomes of findings when one is under way.</summary>
internal static class HandoverPreflight
{
    /// <summary>Everything that is known now to stand in the way of a hand-over with a target.</summary>
    public static IReadOnlyList<PreflightFinding> Run(LiveUpdateEngine engine, HandoverTarget target, bool discardUnfinished)
    {
        var findings = new List<PreflightFinding>();
        if (!discardUnfinished && engine.FindUnfinished() is { Count: > 0 } names)
        {
            findings.Add(new PreflightFinding(
                "sessions-unfinished",
                PreflightSeverity.Blocking,
                $"These incoming sessions are not finished, and a hand-over would drop them: {string.Join(", ", names)}.",
                "Finish them, or set DiscardUnfinished in the options."));
        }

        AddIfAcrossKernel(findings, engine, target);
        findings.AddRange(target.Preflight(engine));
        return findings;
    }

    /// <summary>Refuses a way that does not take what the kernel's sessions hold, before the target does anything.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: the orchestrator was booted across the kernel, and the target is another way.</exception>
    public static void RequireWay(LiveUpdateEngine engine, HandoverTarget target)
    {
        var findings = new List<PreflightFinding>();
        AddIfAcrossKernel(findings, engine, target);
        Require(engine, target, findings);
    }

    /// <summary>Refuses the hand-over because of the blocking findings, if there are any, and logs the others.</summary>
    /// <exception cref="LiveUpdateException">The error of the first blocking finding, with the text of all of them.</exception>
    public static void Require(LiveUpdateEngine engine, HandoverTarget target, IReadOnlyList<PreflightFinding> findings)
    {
        string name = HandoverReport.NameOf(target.Kind);
        foreach (PreflightFinding finding in findings.Where(static finding => finding.Severity != PreflightSeverity.Blocking))
        {
            LogLevel level = finding.Severity == PreflightSeverity.Information ? LogLevel.Information : LogLevel.Warning;
            EngineLog.PreflightFound(engine.Options.Logger, level, finding, name);
        }

        PreflightFinding[] blocking = [.. findings.Where(static finding => finding.Severity == PreflightSeverity.Blocking)];
        if (blocking.Length > 0)
            throw Refusal.Create(blocking[0].Error, "hand over", string.Join(" ", blocking.AsEnumerable()), inner: blocking[0].Cause);
    }

    private static void AddIfAcrossKernel(List<PreflightFinding> findings, LiveUpdateEngine engine, HandoverTarget target)
    {
        if (OperatingSystem.IsLinux() && engine.Carrier is KernelCarrier && target.Kind != LuoCoreTarget.Kernel)
        {
            findings.Add(new PreflightFinding(
                "across-kernel",
                PreflightSeverity.Blocking,
                "The orchestrator was booted across the kernel: what it preserves is in the kernel's sessions, which lead into the next kernel only.",
                "Hand over by HandoverTarget.Kernel, or boot with Across = LiveUpdateAcross.Process."));
        }
    }

    /// <summary>Adds a finding if preserved memory cannot be seen by another process.</summary>
    public static void AddIfMemoryIsPrivate(List<PreflightFinding> findings, LiveUpdateEngine engine)
    {
        if (engine.Memory.Memory.SharedFile is null && engine.Carried is null)
        {
            findings.Add(new PreflightFinding(
                "memory-not-shared",
                PreflightSeverity.Blocking,
                "The preserved memory belongs to this process alone.",
                "Make it with KhoMemory.CreateShared, or leave Memory unset in the options."));
        }
    }
}
