using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>What comes before a device or a session can be used: what is wrong with the device, and what a descriptor is.</summary>
[SupportedOSPlatform("linux")]
internal static class KernelOpening
{
    private const string OpenOperation = "open device";
    private const string AdoptOperation = "use session descriptor";

    // ENXIO has no name in LiveUpdateError: it is ENODEV to a caller.
    private const LiveUpdateError NoSuchDeviceOrAddress = (LiveUpdateError)6;

    /// <summary>The refusal for an open that failed.</summary>
    public static LiveUpdateException Refused(LiveUpdateError error, string path) => error switch
    {
        LiveUpdateError.NotFound or LiveUpdateError.NoDevice or NoSuchDeviceOrAddress => Refusal.Create(
            LiveUpdateError.NoDevice,
            OpenOperation,
            $"There is no live update device at {path}. It needs Linux 7.2 or later (6.19 to 7.1 as far as they go) built with CONFIG_LIVEUPDATE, " +
            "CONFIG_LIVEUPDATE_MEMFD and CONFIG_KEXEC_HANDOVER, and liveupdate=on (and kho=on, unless it is the default) on the kernel's command line; " +
            "in a container, the device must be passed in."),
        LiveUpdateError.Busy => Refusal.Create(
            error, OpenOperation, $"Somebody has {path} open, and it has one opener at a time; close it there, or ask that process for the device's descriptor."),
        LiveUpdateError.InputOutput => Refusal.Create(
            error,
            OpenOperation,
            "The kernel could not read what the previous kernel handed over, and will not try again (reference O-21): the sessions are lost, and no " +
            "live update is possible until the machine is restarted without kexec. The kernel's log says more."),
        LiveUpdateError.AccessDenied or LiveUpdateError.NotPermitted => Refusal.Create(
            error, OpenOperation, $"This process may not open {path}; it needs root's rights, or the device's descriptor from a process that has them."),
        LiveUpdateError.TooManyFiles => Refusal.Create(
            error, OpenOperation, "The kernel has no descriptor left for this process; raise RLIMIT_NOFILE."),
        _ => Refusal.Create(error, OpenOperation, $"{path} cannot be opened."),
    };

    /// <summary>The refusal for something else than the control device.</summary>
    public static LiveUpdateException NotADevice(string what) => Refusal.Create(
        LiveUpdateError.NoDevice, OpenOperation, $"What is at {what} is not the control device of the live update: it does not know its requests.");

    /// <summary>What a descriptor from elsewhere is.</summary>
    /// <exception cref="LiveUpdateException">EINVAL: not a session; EOPNOTSUPP: the kernel does not tell.</exception>
    public static (SessionName Name, bool IsIncoming) Identify(SafeFileHandle descriptor)
    {
        if (!KernelProbe.IsSession(descriptor))
            Refusal.Throw(LiveUpdateError.InvalidArgument, AdoptOperation, "The descriptor is not a session of the live update.");
        SessionName name = NameOf(descriptor);
        if (KernelProbe.IsIncoming(descriptor) is { } isIncoming)
            return (name, isIncoming);
        throw Refusal.Create(
            LiveUpdateError.NotSupported, AdoptOperation, "This kernel does not tell on which side a session is (before Linux 7.2).", name.ToString());
    }

    /// <summary>Makes a descriptor close-on-exec, as those that the kernel gives out are (U-20).</summary>
    public static void CloseOnExec(SafeFileHandle descriptor)
    {
        if (Libc.Fcntl(descriptor, Libc.F_SETFD, Libc.FD_CLOEXEC) < 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Making a descriptor close-on-exec");
    }

    private static SessionName NameOf(SafeFileHandle descriptor)
    {
        if (KernelProbe.HasGetName(descriptor))
        {
            LiveUpdateError error = KernelRequests.GetName(descriptor, out SessionName name);
            KernelRefusal.ThrowIfRefused(error, SessionRequest.GetName, name);
            return name;
        }

        // Before Linux 7.2.
        return SessionName.TryCreate(KernelProbe.DisplayName(descriptor), out SessionName shown)
            ? shown
            : throw Refusal.Create(
                LiveUpdateError.NotSupported, AdoptOperation, "This kernel does not tell a session's name, and /proc does not show it.");
    }
}
