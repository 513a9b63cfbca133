using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

/// <summary>Keeps a handle open while its number is used where no <see cref="SafeHandle"/> can be passed.</summary>
internal readonly ref struct HandleReference
{
    private readonly SafeHandle _handle;

    /// <summary>Counts the handle up.</summary>
    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    public HandleReference(SafeHandle handle)
    {
        bool added = false;
        handle.DangerousAddRef(ref added);
        _handle = handle;
    }

    /// <summary>The number; valid until <see cref="Dispose"/>.</summary>
    public nint Value => _handle.DangerousGetHandle();

    /// <summary>Counts the handle down again.</summary>
    public void Dispose() => _handle.DangerousRelease();
}
