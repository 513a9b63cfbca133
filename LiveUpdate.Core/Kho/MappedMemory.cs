using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Kho;

/// <summary>Memory that is one stretch of this process's address space.</summary>
internal sealed class MappedMemory : KhoMemory
{
    // About what a core keeps for itself; more would only push out what was read first.
    private const long MostCached = 2 << 20;
    private const int CacheLine = 64;

    private readonly SafeHandle _mapping;
    private readonly SafeFileHandle? _file;

    private unsafe MappedMemory(SafeHandle mapping, long offset, long length, SafeFileHandle? file)
        // The mapping is at least offset + length bytes long and stays while _mapping is open.
        : base(DefaultBase, length, (byte*)mapping.DangerousGetHandle() + offset)
    {
        _mapping = mapping;
        _file = file;
    }

    public override SafeFileHandle? SharedFile => _file;

    public static new MappedMemory Allocate(long length) => OperatingSystem.IsLinux()
        ? new MappedMemory(MappingHandle.MapAnonymous(length), 0, length, null)
        : new MappedMemory(new NativeMemoryHandle(length, LuoAbi.PageSize), 0, length, null);

    public static MappedMemory Pin(byte[] array)
    {
        var pin = new PinnedArrayHandle(array);
        long offset = -pin.DangerousGetHandle() & (LuoAbi.PageSize - 1);
        long length = (array.Length - offset) & -LuoAbi.PageSize;
        if (length > 0)
            return new MappedMemory(pin, offset, length, null);
        pin.Dispose();
        throw new ArgumentException("The array holds no whole aligned page: make it at least two pages long.", nameof(array));
    }

    [SupportedOSPlatform("linux")]
    public static MappedMemory MapOwned(SafeFileHandle file)
    {
        try
        {
            long length = SharedMemoryFile.Check(file);
            return new MappedMemory(MappingHandle.MapShared(file, length), 0, length, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override KhoMemoryLease Lease()
    {
        ThrowIfDisposed();
        return new KhoMemoryLease(_mapping);
    }

    internal override void Populate(long bytes)
    {
        if (OperatingSystem.IsLinux())
            (_mapping as MappingHandle)?.Populate(bytes);
        ReadOnlySpan<byte> cached = GetSpan(Base, (int)Math.Min(bytes, MostCached));
        for (int line = 0; line < cached.Length; line += CacheLine)
            Volatile.Read(in cached[line]);
    }

    protected override void Dispose(bool disposing)
    {
        _mapping.Dispose();
        _file?.Dispose();
    }
}
