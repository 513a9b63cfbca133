using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>Memory of the C library, page-aligned and zeroed; freed when the last reference is gone.</summary>
internal sealed unsafe class NativeMemoryHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Allocates memory.</summary>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public NativeMemoryHandle(long length, int alignment)
        : base(ownsHandle: true)
    {
        // The block is exactly length bytes long, and nobody else has its address yet.
        void* memory = NativeMemory.AlignedAlloc((nuint)length, (nuint)alignment);
        NativeMemory.Clear(memory, (nuint)length);
        SetHandle((nint)memory);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // The handle came from AlignedAlloc and is released once.
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
