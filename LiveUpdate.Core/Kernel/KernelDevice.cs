using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The real control device of Linux: sessions of it go through the replacement of the kernel by kexec (reference 4.2).
/// </summary>
/// <remarks>
/// Needs Linux 7.2 or later with <c>CONFIG_LIVEUPDATE</c>, started with <c>liveupdate=on</c>; see docs/kernel.md. With Linux 6.19 to 7.1,
/// untested, a session's name is read from <c>/proc</c>, preserving a file twice is not refused, and which side a foreign session
/// descriptor is on cannot be found out. One opener at a time in the whole system (O-20); sessions outlive it (O-23). Safe for threads.
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class KernelDevice : LiveUpdateDevice
{
    private readonly KernelDeviceOptions _options;
    private int _closed;

    private KernelDevice(SafeFileHandle handle, KernelDeviceOptions? options) =>
        (Descriptor, _options) = (handle, options?.Clone() ?? new KernelDeviceOptions());

    /// <summary>
    /// The names of the incoming sessions that this process has retrieved and disposed unfinished, and can retrieve again; a snapshot. The
    /// end of the process finishes them.
    /// </summary>
    public static IReadOnlyList<string> ParkedSessions => [.. KernelSessions.Parked.Select(static name => name.ToString())];

    /// <summary>The descriptor, owned by this device, for requests of one's own. To give the device away, use <see cref="DuplicateDescriptor"/>.</summary>
    public SafeFileHandle Descriptor { get; }

    /// <summary>Opens the control device. The first open in the life of a kernel reads what the previous kernel handed over (O-21).</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="options">How to go about the kernel's traps; null for the defaults. Copied.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENODEV: there is none (the kernel is too old, built without it, or it is not switched on), or the path is something else. EBUSY:
    /// somebody has it open. EIO: the hand-over from the previous kernel cannot be read, for as long as this kernel runs. EACCES, EPERM: no
    /// permission. EMFILE: no descriptor is free. The message says what to do.
    /// </exception>
    public static KernelDevice Open(string path = LiveUpdateIoctl.DevicePath, KernelDeviceOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle handle = Libc.Open(path, Libc.O_RDWR | Libc.O_CLOEXEC);
        if (handle.IsInvalid)
        {
            var error = (LiveUpdateError)Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw KernelOpening.Refused(error, path);
        }

        if (KernelProbe.IsDevice(handle))
            return new KernelDevice(handle, options);
        handle.Dispose();
        throw KernelOpening.NotADevice(path);
    }

    /// <summary>Uses a control device that somebody else opened, for example a process with more rights, which then passed its descriptor.</summary>
    /// <param name="descriptor">The descriptor; owned by the device from now on, and made close-on-exec. On failure the caller keeps it.</param>
    /// <param name="options">As in <see cref="Open"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="descriptor"/> is null.</exception>
    /// <exception cref="LiveUpdateException">ENODEV: it is not the control device. EBADF: not open.</exception>
    public static KernelDevice FromDescriptor(SafeFileHandle descriptor, KernelDeviceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        DescriptorInfo.ThrowIfNotOpen(descriptor);
        if (!KernelProbe.IsDevice(descriptor))
            throw KernelOpening.NotADevice("the descriptor");
        KernelOpening.CloseOnExec(descriptor);
        return new KernelDevice(descriptor, options);
    }

    /// <summary>Uses a session whose descriptor comes from elsewhere: from an agent, from systemd's store, from another process (S-25).</summary>
    /// <param name="descriptor">The descriptor; owned by the session from now on, and made close-on-exec. On failure the caller keeps it.</param>
    /// <param name="options">As in <see cref="Open"/>.</param>
    /// <returns>The session, with its name and side as the kernel tells them.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="descriptor"/> is null.</exception>
    /// <exception cref="LiveUpdateException">
    /// EINVAL: it is not a session. EBADF: not open. EOPNOTSUPP: this kernel (Linux 6.19 to 7.1) does not tell the side, or the name where
    /// <c>/proc</c> is not mounted.
    /// </exception>
    public static KernelSession FromSessionDescriptor(SafeFileHandle descriptor, KernelDeviceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        DescriptorInfo.ThrowIfNotOpen(descriptor);
        (SessionName name, bool isIncoming) = KernelOpening.Identify(descriptor);
        KernelOpening.CloseOnExec(descriptor);
        var shared = new KernelDescriptor(descriptor, isShared: true);
        return new KernelSession(name, shared, isIncoming, options?.Clone() ?? new KernelDeviceOptions());
    }

    /// <summary>Another descriptor of the open device: the device is free for the next opener after the last close of all of them (O-22).</summary>
    /// <returns>A new handle, close-on-exec, owned by the caller; <see cref="FromDescriptor"/> takes it.</returns>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed.</exception>
    public SafeFileHandle DuplicateDescriptor()
    {
        ThrowIfClosed();
        return DescriptorInfo.Duplicate(Descriptor);
    }

    /// <summary>
    /// Refused: the kernel lists no sessions, and a list of those that this process knows would be taken for all of them. Retrieve by name;
    /// <see cref="ParkedSessions"/> has what this process left unfinished.
    /// </summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP, always.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed.</exception>
    public override IReadOnlyList<string> GetIncomingSessions()
    {
        ThrowIfClosed();
        throw Refusal.Create(
            LiveUpdateError.NotSupported, "list sessions", "The kernel does not list the sessions that came in; retrieve them by name.");
    }

    /// <inheritdoc/>
    public override Session CreateSession(SessionName name)
    {
        if (name.Utf8.IsEmpty)
            throw new ArgumentException("A session's name has at least one byte.", nameof(name));
        ThrowIfClosed();
        if (KernelSessions.HoldsOutgoing(name))
            throw KernelDuplicates.Known(Descriptor, name);
        LiveUpdateError error = KernelRequests.CreateSession(Descriptor, name, out SafeFileHandle? session);
        if (error == LiveUpdateError.Exists)
            throw KernelDuplicates.Repair(Descriptor, name);
        KernelRefusal.ThrowIfRefused(error, SessionRequest.Create, name);
        return new KernelSession(name, new KernelDescriptor(session!, isShared: false), isIncoming: false, _options);
    }

    /// <inheritdoc/>
    public override Session RetrieveSession(SessionName name)
    {
        ThrowIfClosed();
        if (!KernelSessions.TryTake(name, out KernelDescriptor? descriptor))
        {
            KernelRefusal.ThrowIfRefused(
                KernelRequests.RetrieveSession(Descriptor, name, out SafeFileHandle? session), SessionRequest.Retrieve, name);
            descriptor = new KernelDescriptor(session!, isShared: false);
        }

        return new KernelSession(name, descriptor, isIncoming: true, _options);
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
            Descriptor.Dispose();
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, this);
}
