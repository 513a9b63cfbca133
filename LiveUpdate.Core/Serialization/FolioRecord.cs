using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>The entry of a folio in the array of a memfd (reference 2.7, 16 bytes).</summary>
/// <remarks>A copy of what was read. Nothing is allocated. Safe for threads.</remarks>
public readonly record struct FolioRecord
{
    private readonly ulong _pfnAndFlags;

    /// <summary>Makes an entry.</summary>
    /// <param name="pageFrame">The number of the folio's first page frame, below 2^52; 0 for an entry that readers skip.</param>
    /// <param name="flags">The folio flags of <see cref="MemfdAbi"/>, below 2^12.</param>
    /// <param name="index">The position in the file, in pages.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="pageFrame"/> or <paramref name="flags"/> does not fit its bits.
    /// </exception>
    public FolioRecord(ulong pageFrame, uint flags, ulong index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageFrame, MemfdAbi.FolioPfnMask);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(flags, MemfdAbi.FolioFlagsMask);
        _pfnAndFlags = pageFrame | ((ulong)flags << MemfdAbi.FolioFlagsShift);
        Index = index;
    }

    private FolioRecord(in MemfdLuoFolioSer record)
    {
        _pfnAndFlags = record.PfnAndFlags;
        Index = record.Index;
    }

    /// <summary>The number of the folio's first page frame.</summary>
    public ulong PageFrame => _pfnAndFlags & MemfdAbi.FolioPfnMask;

    /// <summary>The folio flags, known or not.</summary>
    public uint Flags => (uint)(_pfnAndFlags >> MemfdAbi.FolioFlagsShift);

    /// <summary>The position in the file, in pages.</summary>
    public ulong Index { get; }

    /// <summary>Where the folio's first page lies, not checked.</summary>
    public PhysicalAddress Address => new(PageFrame << LuoAbi.PageShift);

    /// <summary>Whether readers skip the entry: its page frame is 0 (reference M-28).</summary>
    public bool IsSkipped => PageFrame == 0;

    /// <summary>Copies an entry.</summary>
    /// <param name="source">The entry, at least 16 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> is shorter than the entry.</exception>
    public static FolioRecord Read(ReadOnlySpan<byte> source)
    {
        Require.AtLeast(source.Length, MemfdAbi.FolioSize, nameof(source));
        return new FolioRecord(MemoryMarshal.Read<MemfdLuoFolioSer>(source));
    }

    /// <summary>Writes the entry.</summary>
    /// <param name="destination">Where to, at least 16 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than the entry.</exception>
    public void Write(Span<byte> destination)
    {
        Require.AtLeast(destination.Length, MemfdAbi.FolioSize, nameof(destination));
        MemoryMarshal.Write(destination, new MemfdLuoFolioSer { PfnAndFlags = _pfnAndFlags, Index = Index });
    }
}
