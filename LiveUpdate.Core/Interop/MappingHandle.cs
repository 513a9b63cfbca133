using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>A mapping made by <c>mmap</c>; unmapped when the last reference is gone.</summary>
[SupportedOSPlatform("linux")]
internal sealed class MappingHandle : SafeHandleMinusOneIsInvalid
{
    private const int ReservedFlags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE;

    private nuint _length;

    /// <summary>Makes a handle of nothing yet, so that no mapping is ever without one.</summary>
    public MappingHandle()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Maps zeroed memory that belongs to this process.</summary>
    /// <exception cref="LiveUpdateException">The system has no room (ENOMEM).</exception>
    public static MappingHandle MapAnonymous(long length)
    {
        var mapping = new MappingHandle();
        mapping.Take(
            Libc.MmapAnonymous(0, (nuint)length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0), length);
        return mapping;
    }

    /// <summary>Maps a file from its start, shared with everyone who maps it.</summary>
    /// <exception cref="LiveUpdateException">The system refuses, e.g. for want of room (ENOMEM).</exception>
    public static MappingHandle MapShared(SafeFileHandle file, long length)
    {
        var mapping = new MappingHandle();
        mapping.Take(Libc.Mmap(0, (nuint)length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, file, 0), length);
        return mapping;
    }

    /// <summary>Reserves address space in which nothing is, and which nobody else gets.</summary>
    /// <exception cref="LiveUpdateException">There is no such stretch (ENOMEM).</exception>
    public static MappingHandle Reserve(long length)
    {
        var mapping = new MappingHandle();
        mapping.Take(Libc.MmapAnonymous(0, (nuint)length, Libc.PROT_NONE, ReservedFlags, -1, 0), length);
        return mapping;
    }

    /// <summary>Maps a file from its start into reserved space, shared with everyone who maps it.</summary>
    /// <exception cref="LiveUpdateException">The system refuses; the space is as it was.</exception>
    public void MapFile(long offset, SafeFileHandle file, long length)
    {
        nint at = Inside(offset, length);
        if (Libc.Mmap(at, (nuint)length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED | Libc.MAP_FIXED, file, 0) == Libc.MAP_FAILED)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), $"Mapping a segment of {length} bytes");
    }

    /// <summary>Takes a file out of the space again, which stays reserved.</summary>
    public void UnmapFile(long offset, long length) =>
        _ = Libc.MmapAnonymous(Inside(offset, length), (nuint)length, Libc.PROT_NONE, ReservedFlags | Libc.MAP_FIXED, -1, 0);

    /// <summary>
    /// Has the system map the first pages now, so that nobody waits for them later. What it cannot do is left to the first access.
    /// </summary>
    public void Populate(long length) => _ = Libc.Madvise(handle, (nuint)Math.Min((ulong)length, _length), Libc.MADV_POPULATE_WRITE);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.Munmap(handle, _length) == 0;

    // A fixed mapping outside would take the place of somebody else's.
    private nint Inside(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (offset < 0 || length <= 0 || (ulong)offset > _length || (ulong)length > _length - (ulong)offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{length} bytes there are not all in the reserved {_length}.");
        return handle + (nint)offset;
    }

    private void Take(nint address, long length)
    {
        if (address == Libc.MAP_FAILED)
        {
            int errno = Marshal.GetLastPInvokeError();
            Dispose();
            throw Errno.Failed(errno, $"Mapping {length} bytes of memory");
        }
        _length = (nuint)length;
        SetHandle(address);
    }
}
