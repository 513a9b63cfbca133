using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>Keeps a managed array alive and in place; lets go of it when the last reference is gone.</summary>
internal sealed class PinnedArrayHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private GCHandle _pin;

    /// <summary>Pins an array.</summary>
    public PinnedArrayHandle(byte[] array)
        : base(ownsHandle: true)
    {
        _pin = GCHandle.Alloc(array, GCHandleType.Pinned);
        SetHandle(_pin.AddrOfPinnedObject());
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _pin.Free();
        return true;
    }
}
