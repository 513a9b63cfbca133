using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>A session of the real <c>/dev/liveupdate</c>, which goes through a kexec (reference 4.3).</summary>
/// <remarks>
/// <para>It carries descriptors of memfds only: every other object is refused with ENOENT, and a retrieved file is a
/// <see cref="SafeFileHandle"/>. No handler or FLB of this process takes part.</para>
/// <para><b>Dispose</b> of an incoming session that is not finished parks it: its descriptor stays open for the life of the process, and
/// any later device of the process can retrieve it again by name. <b>The end of the process finishes it</b>, as the kernel does with
/// every descriptor (S-21, S-25): what was not retrieved is discarded then. So does an exec, for the descriptor is close-on-exec. The end
/// of the process also unpreserves its outgoing sessions; one that must outlive it is given to another process with
/// <see cref="DuplicateDescriptor"/>.</para>
/// <para>When the kernel has frozen for a kexec, every operation waits for ever: the next event is the new kernel (C-04).</para>
/// <para>The kernel knows no callbacks of this process, so operations are allowed from those of a managed orchestrator.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class KernelSession : Session
{
    private readonly KernelDescriptor _descriptor;
    private readonly KernelDeviceOptions _options;
    private int _closed;

    internal KernelSession(SessionName name, KernelDescriptor descriptor, bool isIncoming, KernelDeviceOptions options)
        : base(name)
    {
        (_descriptor, _options, IsIncoming) = (descriptor, options, isIncoming);
        KernelSessions.Add(this);
    }

    /// <inheritdoc/>
    public override bool IsIncoming { get; }

    /// <summary>
    /// The descriptor, owned by this session, for requests of one's own; who disposes it ends the session. To give the session away, use
    /// <see cref="DuplicateDescriptor"/>.
    /// </summary>
    public SafeFileHandle Descriptor => _descriptor.Handle;

    /// <summary>The neighbours in the list of open sessions, whose lock guards them.</summary>
    internal KernelSession? Previous { get; set; }

    /// <inheritdoc cref="Previous"/>
    internal KernelSession? Next { get; set; }

    /// <summary>Refused: the kernel lists no files, and what this process happens to know of them would be taken for all.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP, always.</exception>
    /// <exception cref="ObjectDisposedException">The session is closed.</exception>
    public override IReadOnlyList<SessionFile> GetFiles()
    {
        ThrowIfClosed();
        throw Refusal.Create(
            LiveUpdateError.NotSupported, "list files", "The kernel does not list the files of a session; retrieve them by token.", Name);
    }

    /// <summary>
    /// Another descriptor of the session, to be kept by another process or by systemd: the session ends at the last close of all of them
    /// (reference S-25).
    /// </summary>
    /// <returns>A new handle, close-on-exec, owned by the caller; <see cref="KernelDevice.FromSessionDescriptor"/> takes it.</returns>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    /// <exception cref="ObjectDisposedException">The session is closed.</exception>
    public SafeFileHandle DuplicateDescriptor()
    {
        ThrowIfClosed();
        SafeFileHandle duplicate = DescriptorInfo.Duplicate(Descriptor);
        _descriptor.MarkShared();
        return duplicate;
    }

    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: a memfd that the kernel would give back executable and write-sealed (M-24); see
    /// <see cref="KernelDeviceOptions.CopyNonExecutableMemfds"/>. Otherwise the kernel's answer (reference 3.4): EINVAL, EEXIST, ENOMEM,
    /// ENOSPC, EBADF, ENOENT (no memfd, or one with huge pages), EBUSY, EFBIG, in this order.
    /// </exception>
    public override void Preserve(Token token, object file)
    {
        ArgumentNullException.ThrowIfNull(file);
        ThrowIfClosed();
        if (PreservedObject.DescriptorOf(file) is not { } handle)
        {
            Check(token);
            throw KernelRefusal.For(LiveUpdateError.NotFound, SessionRequest.Preserve, SessionName, token);
        }

        if (NonExecutableMemfd.Is(handle))
            PreserveNonExecutable(token, handle);
        else
            KernelRefusal.ThrowIfRefused(KernelRequests.Preserve(Descriptor, token, handle), SessionRequest.Preserve, SessionName, token);
    }

    /// <inheritdoc/>
    public override bool TryRetrieve<T>(Token token, [NotNullWhen(true)] out T? file)
        where T : class
    {
        file = null;
        ThrowIfClosed();
        LiveUpdateError error = KernelRequests.Retrieve(Descriptor, token, out SafeFileHandle? handle);
        if (error == LiveUpdateError.NotFound)
            return false;
        file = (T)(object)Give(error, handle, token, typeof(T));
        return true;
    }

    /// <inheritdoc/>
    public override void Finish()
    {
        ThrowIfClosed();
        KernelRefusal.ThrowIfRefused(KernelRequests.Finish(Descriptor), SessionRequest.Finish, SessionName);
        _descriptor.MarkFinished();
    }

    /// <summary>
    /// Unpreserves an outgoing session (S-20), finishes an incoming one (S-21), and closes the descriptor. One that was duplicated, or
    /// came from elsewhere, is only closed: the kernel ends the session at the last close, and does not say if it cannot (S-22, S-25).
    /// </summary>
    /// <exception cref="LiveUpdateException">EBUSY: the kernel refuses to finish; the session is parked, nothing lost.</exception>
    public override void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        if (IsIncoming && !_descriptor.IsShared && !_descriptor.IsFinished)
        {
            // Asked before the close, which would hide a refusal and leave the session to nobody.
            LiveUpdateError error = KernelRequests.Finish(Descriptor);
            if (error != LiveUpdateError.None)
            {
                KernelSessions.Park(this, _descriptor);
                throw KernelRefusal.For(error, SessionRequest.Finish, SessionName);
            }
        }

        CloseDescriptor();
    }

    /// <inheritdoc/>
    internal override void CheckUsable(string operation) => ThrowIfClosed();

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        if (IsIncoming && !_descriptor.IsFinished)
            KernelSessions.Park(this, _descriptor);
        else
            CloseDescriptor();
    }

    /// <inheritdoc/>
    private protected override object RetrieveAs(Token token, Type type)
    {
        ThrowIfClosed();
        LiveUpdateError error = KernelRequests.Retrieve(Descriptor, token, out SafeFileHandle? file);
        return Give(error, file, token, type);
    }

    private SafeFileHandle Give(LiveUpdateError error, SafeFileHandle? file, Token token, Type type)
    {
        KernelRefusal.ThrowIfRefused(error, SessionRequest.RetrieveFile, SessionName, token);
        if (type.IsInstanceOfType(file))
            return file!;
        file!.Dispose();
        throw new InvalidCastException($"The file {token} of session \"{Name}\" is a {typeof(SafeFileHandle)}, not a {type}.");
    }

    private void PreserveNonExecutable(Token token, SafeHandle file)
    {
        Check(token);
        if (!_options.CopyNonExecutableMemfds)
        {
            Refusal.Throw(
                LiveUpdateError.NotSupported,
                SessionRequest.Preserve,
                "The memfd must not become executable (MFD_NOEXEC_SEAL, or vm.memfd_noexec), and the kernel would give it back executable and " +
                $"sealed against writing. Make it with MFD_EXEC, or set {nameof(KernelDeviceOptions)}.{nameof(KernelDeviceOptions.CopyNonExecutableMemfds)}.",
                Name,
                token.Value);
        }

        using SafeFileHandle copy = CopyOf(file, token);
        KernelRefusal.ThrowIfRefused(KernelRequests.Preserve(Descriptor, token, copy), SessionRequest.Preserve, SessionName, token);
    }

    private SafeFileHandle CopyOf(SafeHandle file, Token token)
    {
        try
        {
            return NonExecutableMemfd.Copy(file);
        }
        catch (LiveUpdateException exception)
        {
            throw Refusal.Create(exception.Error, SessionRequest.Preserve, exception.Reason, Name, token.Value, inner: exception);
        }
    }

    /// <summary>What the kernel checks before the descriptor comes first: the kind of session, and the token (F-01).</summary>
    private void Check(Token token)
    {
        LiveUpdateError error = KernelRequests.Preserve(Descriptor, token, descriptor: -1);
        if (error != LiveUpdateError.BadDescriptor)
            KernelRefusal.ThrowIfRefused(error, SessionRequest.Preserve, SessionName, token);
    }

    private void CloseDescriptor()
    {
        KernelSessions.Remove(this);
        Descriptor.Dispose();
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, this);
}
