using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>A cancellation token as a descriptor, so that one wait can end by it, by a message or by the end of a process.</summary>
[SupportedOSPlatform("linux")]
internal sealed class CancellationSignal : IDisposable
{
    private readonly CancellationTokenRegistration _registration;

    /// <summary>Makes one; no descriptor is taken for a token that is never cancelled.</summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    public CancellationSignal(CancellationToken token)
    {
        Token = token;
        if (!token.CanBeCanceled)
            return;
        SafeFileHandle descriptor = Libc.Eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (descriptor.IsInvalid)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Creating an eventfd");
        Descriptor = descriptor;
        _registration = token.UnsafeRegister(static state => RandomAccess.Write((SafeFileHandle)state!, BitConverter.GetBytes(1UL), 0), descriptor);
    }

    public CancellationToken Token { get; }

    /// <summary>Readable once the token is cancelled; null for a token that never is.</summary>
    public SafeFileHandle? Descriptor { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        Descriptor?.Dispose();
    }
}
