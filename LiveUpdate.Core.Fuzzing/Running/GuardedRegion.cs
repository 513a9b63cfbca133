using System.Buffers;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>A file mapped between two pages that nobody may touch: one byte out of range is the end of the process.</summary>
internal sealed unsafe class GuardedRegion : MemoryManager<byte>
{
    private readonly MappingHandle _mapping;
    private readonly int _length;

    /// <summary>Maps a file.</summary>
    /// <param name="file">Of <paramref name="length"/> bytes; stays the caller's.</param>
    /// <param name="length">A multiple of the page size.</param>
    public GuardedRegion(SafeFileHandle file, int length)
    {
        _length = length;
        _mapping = MappingHandle.Reserve(length + (2L * LuoAbi.PageSize));
        _mapping.MapFile(LuoAbi.PageSize, file, length);
    }

    /// <summary>What keeps it mapped.</summary>
    public MappingHandle Mapping => _mapping;

    /// <summary>The first byte behind the guard.</summary>
    // The reserved stretch begins with one guard page and stays while the mapping is open.
    public byte* Start => (byte*)_mapping.DangerousGetHandle() + LuoAbi.PageSize;

    /// <inheritdoc/>
    // The file is mapped there, _length bytes of it.
    public override Span<byte> GetSpan() => new(Start, _length);

    /// <inheritdoc/>
    // Mapped memory does not move.
    public override MemoryHandle Pin(int elementIndex = 0) => new(Start + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _mapping.Dispose();
}
