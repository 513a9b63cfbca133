namespace LiveUpdate.Samples.KernelCheck;

/// <summary>What the JSON says.</summary>
/// <param name="RunningAbi">The versions of the running kernel's formats; null if nothing says.</param>
/// <param name="Blocked">Whether a finding refuses the update.</param>
/// <param name="Findings">Everything that was found.</param>
internal sealed record CheckResult(string? RunningAbi, bool Blocked, IReadOnlyList<PreflightFinding> Findings);
