using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>What stands in the way of an update of the kernel (<c>docs/kernel.md</c> lists all findings).</summary>
[SupportedOSPlatform("linux")]
public static class KernelPreflight
{
    /// <summary>Looks at this machine, and at what is to be preserved. Nothing is frozen, loaded or preserved.</summary>
    /// <param name="options">What to look for; null for the machine alone.</param>
    /// <returns>What was found, in no order; empty if nothing was.</returns>
    /// <remarks>
    /// Takes about as long as unpacking the image, a second or less. What could not be found out is a finding of severity
    /// <see cref="PreflightSeverity.Unknown"/>. Safe for threads.
    /// </remarks>
    /// <exception cref="LiveUpdateException">EBADF: a memfd is not open.</exception>
    public static IReadOnlyList<PreflightFinding> Run(KernelPreflightOptions? options = null) =>
        Run(options ?? new KernelPreflightOptions(), new RunningKernel("/"));

    /// <summary>As <see cref="Run(KernelPreflightOptions?)"/>, on a machine whose files may be copies.</summary>
    internal static IReadOnlyList<PreflightFinding> Run(KernelPreflightOptions options, RunningKernel kernel)
    {
        var findings = new List<PreflightFinding>();
        KernelDevicePreflight.Examine(findings, options, kernel);
        KernelImagePreflight.Examine(findings, options, kernel);
        AddIfTooFewDescriptors(findings, options, kernel);
        KernelMemoryPreflight.Examine(findings, options, kernel);
        return findings;
    }

    /// <summary>A finding that refuses the hand-over.</summary>
    internal static PreflightFinding Blocking(string id, LiveUpdateError error, string message, string remedy) =>
        new(id, PreflightSeverity.Blocking, message, remedy) { Error = error };

    private static void AddIfTooFewDescriptors(List<PreflightFinding> findings, KernelPreflightOptions options, RunningKernel kernel)
    {
        // Beside the sessions: each memfd once more when it is retrieved, and what any program has open.
        const int Spare = 64;
        long needed = options.Sessions + (2L * options.Memfds.Count) + Spare;
        if (OpenFilesLimit(kernel) is { } limit && needed > limit)
        {
            findings.Add(Blocking(
                "open-files-limit",
                LiveUpdateError.TooManyFiles,
                $"{options.Sessions} sessions and {options.Memfds.Count} memfds need about {needed} descriptors, and this process may have " +
                $"{limit} (RLIMIT_NOFILE).",
                $"Raise the limit to {needed} or more: LimitNOFILE= of the service, or ulimit -n."));
        }
    }

    private static long? OpenFilesLimit(RunningKernel kernel)
    {
        foreach (string line in kernel.ReadText("proc/self/limits")?.Split('\n') ?? [])
        {
            if (line.StartsWith("Max open files", StringComparison.Ordinal) &&
                line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..] && long.TryParse(soft, out long limit))
                return limit;
        }

        return null;
    }
}
