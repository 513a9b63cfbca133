using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>Whether the kernel's device is there and can be opened.</summary>
[SupportedOSPlatform("linux")]
internal static class KernelDevicePreflight
{
    private const string LiveUpdateSwitch = "liveupdate=";

    private const string HandoverSwitch = "kho=";

    public static void Examine(List<PreflightFinding> findings, KernelPreflightOptions options, RunningKernel kernel)
    {
        if (!File.Exists(options.DevicePath))
        {
            findings.Add(Missing(options, kernel));
            return;
        }

        if (!options.OpensDevice)
            return;
        try
        {
            using SafeFileHandle device = File.OpenHandle(options.DevicePath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (UnauthorizedAccessException exception)
        {
            findings.Add(KernelPreflight.Blocking(
                "device-denied",
                LiveUpdateError.AccessDenied,
                $"This process may not open {options.DevicePath}: {exception.Message}",
                "Run it as root, or let an agent that may open it hand out sessions."));
        }
        catch (IOException exception)
        {
            findings.Add(OfErrno(options, exception));
        }
    }

    private static PreflightFinding OfErrno(KernelPreflightOptions options, IOException exception) => (LiveUpdateError)exception.HResult switch
    {
        LiveUpdateError.Busy => KernelPreflight.Blocking(
            "device-busy",
            LiveUpdateError.Busy,
            $"Another process, or another part of this one, has {options.DevicePath} open: it has one opener at a time (reference O-20).",
            "End it, or get sessions from it."),
        LiveUpdateError.InputOutput => KernelPreflight.Blocking(
            "device-broken",
            LiveUpdateError.InputOutput,
            "What the previous kernel handed over could not be read, and the device stays closed until the next boot (reference O-21).",
            "Boot without a hand-over: all that was handed over is lost. The kernel's log says what was wrong."),
        LiveUpdateError error => KernelPreflight.Blocking(
            "device-unusable", error, $"{options.DevicePath} cannot be opened: {exception.Message}", "Look at the kernel's log."),
    };

    private static PreflightFinding Missing(KernelPreflightOptions options, RunningKernel kernel)
    {
        string[] line = kernel.CommandLine;
        string found = $"There is no {options.DevicePath} in Linux {kernel.Release ?? "of an unknown release"}";
        (string message, string remedy) = line switch
        {
            _ when line.Contains(HandoverSwitch + "off") || line.Contains(HandoverSwitch + "0") => (
                $"{found}: Kexec HandOver is switched off by {HandoverSwitch}off.", $"Boot with {HandoverSwitch}on {LiveUpdateSwitch}on."),
            _ when !line.Any(static word => word.StartsWith(LiveUpdateSwitch, StringComparison.Ordinal)) => (
                $"{found}: it was booted without {LiveUpdateSwitch}on.",
                $"Boot Linux 7.2 or later, built with CONFIG_LIVEUPDATE, with {HandoverSwitch}on {LiveUpdateSwitch}on."),
            _ => (
                $"{found}, although it was booted with {line.First(static word => word.StartsWith(LiveUpdateSwitch, StringComparison.Ordinal))}.",
                "Take a kernel of 7.2 or later that is built with CONFIG_LIVEUPDATE, CONFIG_LIVEUPDATE_MEMFD and CONFIG_KEXEC_HANDOVER."),
        };
        return KernelPreflight.Blocking("device-missing", LiveUpdateError.NoDevice, message, remedy);
    }
}
