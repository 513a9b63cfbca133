using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>Whether the next kernel is loaded, may be loaded, and reads what this one writes.</summary>
[SupportedOSPlatform("linux")]
internal static class KernelImagePreflight
{
    // CAP_SYS_BOOT, as a bit of CapEff.
    private const int SystemBootCapability = 22;

    public static void Examine(List<PreflightFinding> findings, KernelPreflightOptions options, RunningKernel kernel)
    {
        ExamineAbi(findings, options, kernel);
        ExamineLoaded(findings, options, kernel);
    }

    private static void ExamineAbi(List<PreflightFinding> findings, KernelPreflightOptions options, RunningKernel kernel)
    {
        if (options.ImagePath is not { } path)
        {
            findings.Add(new PreflightFinding(
                "image-unknown",
                PreflightSeverity.Unknown,
                "Nobody says which image follows, and a kernel of another live update ABI panics when it boots.",
                "Name the image in the options."));
            return;
        }

        KernelAbi next;
        try
        {
            next = KernelAbi.OfImage(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            findings.Add(KernelPreflight.Blocking(
                "image-unreadable", LiveUpdateError.InvalidArgument, $"The next kernel's image: {exception.Message}", "Name another image."));
            return;
        }

        if (next.LiveUpdate.IsEmpty)
        {
            findings.Add(KernelPreflight.Blocking(
                "image-without-liveupdate",
                LiveUpdateError.NotSupported,
                $"{path} has no live update orchestrator: it would boot as from cold, and everything preserved would be lost.",
                "Take one that is built with CONFIG_LIVEUPDATE."));
        }
        else if (kernel.FindAbi() is not { LiveUpdate.IsEmpty: false } running)
        {
            findings.Add(new PreflightFinding(
                "abi-unknown",
                PreflightSeverity.Unknown,
                $"Nothing says which live update ABI Linux {kernel.Release} writes; {path} reads {next}.",
                "Mount debugfs at /sys/kernel/debug, or keep the running kernel's image under /boot."));
        }
        else if (!running.LiveUpdate.Any(next.LiveUpdate.Contains))
        {
            findings.Add(Different(path, running, next));
        }
        else if (!running.KexecHandover.IsEmpty && !running.KexecHandover.Any(next.KexecHandover.Contains))
        {
            findings.Add(Different(path, running, next));
        }
    }

    private static PreflightFinding Different(string path, KernelAbi running, KernelAbi next) => KernelPreflight.Blocking(
        "abi-differs",
        LiveUpdateError.NotSupported,
        $"The running kernel hands over as {running}, and {path} takes over {next}: it would panic when it boots, or ignore everything.",
        "Take a kernel of the same live update ABI, or boot this one from cold.");

    private static void ExamineLoaded(List<PreflightFinding> findings, KernelPreflightOptions options, RunningKernel kernel)
    {
        if (EffectiveCapabilities(kernel) is { } capabilities && (capabilities >> SystemBootCapability & 1) == 0)
        {
            findings.Add(Needed(
                options.Jumps || options.LoadsImage,
                "kexec-not-permitted",
                LiveUpdateError.NotPermitted,
                "This process may not load a kernel nor start it: it has no CAP_SYS_BOOT.",
                "Let somebody else do so: systemctl kexec, or kexec -e."));
        }

        bool isLoaded = kernel.ReadNumber("sys/kernel/kexec_loaded") is > 0;
        bool isLocked = kernel.ReadNumber("proc/sys/kernel/kexec_load_disabled") is > 0;
        if (!isLoaded && isLocked)
        {
            findings.Add(KernelPreflight.Blocking(
                "kexec-disabled",
                LiveUpdateError.NotPermitted,
                "No kernel is loaded, and kernel.kexec_load_disabled is set until the next boot.",
                "Load the image before it is set."));
        }
        else if (!isLoaded && !options.LoadsImage)
        {
            findings.Add(Needed(
                options.Jumps,
                "image-not-loaded",
                LiveUpdateError.InvalidArgument,
                "No kernel is loaded for kexec.",
                "Load one with kexec_file_load before the hand-over: kexec -s -l, or systemctl kexec."));
        }
        else if (isLoaded && !options.LoadsImage)
        {
            findings.Add(new PreflightFinding(
                "image-loaded-by-unknown",
                PreflightSeverity.Unknown,
                "A kernel is loaded, and nothing says whether by kexec_file_load: with the older kexec_load nothing is handed over.",
                "Load it with kexec -s, or let this library load it."));
        }

        if (kernel.ReadText("sys/kernel/security/lockdown") is { } lockdown && !lockdown.Contains("[none]", StringComparison.Ordinal))
        {
            findings.Add(new PreflightFinding(
                "kernel-locked-down",
                PreflightSeverity.Information,
                $"The kernel is locked down ({lockdown}): it loads signed images only.",
                null));
        }
    }

    private static PreflightFinding Needed(bool isNeeded, string id, LiveUpdateError error, string message, string remedy) =>
        new(id, isNeeded ? PreflightSeverity.Blocking : PreflightSeverity.Warning, message, remedy) { Error = error };

    private static ulong? EffectiveCapabilities(RunningKernel kernel)
    {
        const string Name = "CapEff:";
        foreach (string line in kernel.ReadText("proc/self/status")?.Split('\n') ?? [])
        {
            if (line.StartsWith(Name, StringComparison.Ordinal) &&
                ulong.TryParse(line.AsSpan(Name.Length).Trim(), System.Globalization.NumberStyles.AllowHexSpecifier, null, out ulong capabilities))
                return capabilities;
        }

        return null;
    }
}
