using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>Fills one block: a page with a header and entries of one size (reference 2.3).</summary>
/// <remarks>
/// The page itself holds the state, so a writer can be made again at any time. It belongs to the caller, who makes sure that it began
/// zeroed. Nothing is allocated. Not safe for threads.
/// </remarks>
public readonly ref struct BlockWriter
{
    private readonly Span<byte> _page;
    private readonly int _entrySize;

    /// <summary>Makes a writer; the page is not changed.</summary>
    /// <param name="page">The page, at least 4096 bytes; those beyond are not used.</param>
    /// <param name="entrySize">The size of an entry in bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="page"/> is shorter than a page.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entrySize"/> is below 1 or above 4080.</exception>
    public BlockWriter(Span<byte> page, int entrySize)
    {
        Require.AtLeast(page.Length, LuoAbi.PageSize, nameof(page));
        Capacity = BlockLayout.CapacityOf(entrySize);
        _page = page[..LuoAbi.PageSize];
        _entrySize = entrySize;
    }

    /// <summary>How many entries the block holds when it is full.</summary>
    public int Capacity { get; }

    /// <summary>How many entries have been appended; never above <see cref="Capacity"/>, whatever the page says.</summary>
    public int Count => (int)ulong.Min(Header.Count, (ulong)Capacity);

    /// <summary>Whether no entry can be appended.</summary>
    public bool IsFull => Count == Capacity;

    /// <summary>The address of the next block; <see cref="PhysicalAddress.None"/> in the last.</summary>
    public PhysicalAddress Next
    {
        get => new(Header.NextAddress);
        set => Header.NextAddress = value.Value;
    }

    // The constructor has checked that the page holds a header, and the header is packed, so any address is aligned for it.
    private ref KhoBlockHeaderSer Header => ref MemoryMarshal.AsRef<KhoBlockHeaderSer>(_page);

    /// <summary>Takes the next entries and counts them as valid.</summary>
    /// <param name="entries">How many.</param>
    /// <returns>Their bytes, to be filled by the caller; they keep what the page held.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entries"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The block has less room.</exception>
    public Span<byte> Append(int entries = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entries);
        int count = Count;
        if (entries > Capacity - count)
            throw new InvalidOperationException($"The block has {count} of {Capacity} entries; {entries} more do not fit.");

        Header.Count = (ulong)(count + entries);
        return _page.Slice(LuoAbi.BlockHeaderSize + (count * _entrySize), entries * _entrySize);
    }

    /// <summary>Appends a record.</summary>
    /// <typeparam name="T">A record of the entries' size.</typeparam>
    /// <param name="record">The record.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> has another size than the entries.</exception>
    /// <exception cref="InvalidOperationException">The block is full.</exception>
    public void Append<T>(in T record)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != _entrySize)
            throw new ArgumentException($"A record of {Unsafe.SizeOf<T>()} bytes is not an entry of {_entrySize} bytes.", nameof(record));

        MemoryMarshal.Write(Append(), in record);
    }

    /// <summary>Zeroes all entries and their count and keeps <see cref="Next"/>, to roll a freeze back (reference F-35).</summary>
    public void Clear()
    {
        Header.Count = 0;
        _page[LuoAbi.BlockHeaderSize..].Clear();
    }
}
