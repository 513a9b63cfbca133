using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>Memory of the C library that is not cleared, so that the system need not supply pages before they are written.</summary>
internal sealed unsafe class UnclearedMemoryHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Allocates memory.</summary>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public UnclearedMemoryHandle(int length)
        : base(ownsHandle: true)
    {
        Length = length;
        // The block is length bytes long, and nobody else has its address yet.
        SetHandle((nint)NativeMemory.Alloc((nuint)length));
    }

    /// <summary>The length in bytes.</summary>
    public int Length { get; }

    /// <summary>The first byte; valid until the handle is closed.</summary>
    public byte* Start => (byte*)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // The handle came from Alloc and is released once.
        NativeMemory.Free((void*)handle);
        return true;
    }
}
