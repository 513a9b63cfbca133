using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>Reads one block that a previous generation wrote (reference 2.3, A-22, A-23).</summary>
/// <remarks>
/// The header is copied and checked once, by the constructor. A chain, its length and its loops are the caller's business. Nothing
/// is allocated but exceptions. Safe for threads.
/// </remarks>
public readonly ref struct BlockReader
{
    private readonly ReadOnlySpan<byte> _page;
    private readonly int _entrySize;

    /// <summary>Checks the header of a block.</summary>
    /// <param name="page">The page, at least 4096 bytes; those beyond are not read.</param>
    /// <param name="entrySize">The size of an entry in bytes.</param>
    /// <param name="structure">What the block is called in a message, e.g. <c>session block</c>.</param>
    /// <param name="address">Where the block lies, for a message.</param>
    /// <exception cref="ArgumentException"><paramref name="page"/> is shorter than a page.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entrySize"/> is below 1 or above 4080.</exception>
    /// <exception cref="LiveUpdateImageException">EINVAL: the count is 0 or above the capacity.</exception>
    public BlockReader(ReadOnlySpan<byte> page, int entrySize, string structure = "block", PhysicalAddress address = default)
    {
        Require.AtLeast(page.Length, LuoAbi.PageSize, nameof(page));
        int capacity = BlockLayout.CapacityOf(entrySize);
        var header = MemoryMarshal.Read<KhoBlockHeaderSer>(page);
        if (header.Count == 0 || header.Count > (ulong)capacity)
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument,
                structure,
                address,
                offset: 8,
                expected: $"a count from 1 to {capacity}",
                found: header.Count.ToString(CultureInfo.InvariantCulture));
        }

        _page = page[..LuoAbi.PageSize];
        _entrySize = entrySize;
        Next = new PhysicalAddress(header.NextAddress);
        Count = (int)header.Count;
    }

    /// <summary>The address of the next block, not checked; <see cref="PhysicalAddress.None"/> in the last.</summary>
    public PhysicalAddress Next { get; }

    /// <summary>How many entries the block holds: at least 1.</summary>
    public int Count { get; }

    /// <summary>The bytes of all valid entries, one after the other.</summary>
    public ReadOnlySpan<byte> Entries => _page.Slice(LuoAbi.BlockHeaderSize, Count * _entrySize);

    /// <summary>The bytes of an entry.</summary>
    /// <param name="index">Its position in this block, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return _page.Slice(LuoAbi.BlockHeaderSize + (index * _entrySize), _entrySize);
        }
    }

    /// <summary>Opens a block of sessions.</summary>
    /// <param name="page">The page, at least 4096 bytes.</param>
    /// <param name="address">Where the block lies, for a message.</param>
    /// <exception cref="ArgumentException"><paramref name="page"/> is shorter than a page.</exception>
    /// <exception cref="LiveUpdateImageException">EINVAL: the count is 0 or above 51.</exception>
    public static BlockReader OfSessions(ReadOnlySpan<byte> page, PhysicalAddress address = default) =>
        new(page, LuoAbi.SessionSize, "session block", address);

    /// <summary>Opens a block of files.</summary>
    /// <param name="page">The page, at least 4096 bytes.</param>
    /// <param name="address">Where the block lies, for a message.</param>
    /// <exception cref="ArgumentException"><paramref name="page"/> is shorter than a page.</exception>
    /// <exception cref="LiveUpdateImageException">EINVAL: the count is 0 or above 63.</exception>
    public static BlockReader OfFiles(ReadOnlySpan<byte> page, PhysicalAddress address = default) =>
        new(page, LuoAbi.FileSize, "file block", address);

    /// <summary>A copy of an entry: what is checked and used afterwards cannot change any more.</summary>
    /// <typeparam name="T">A record of the entries' size.</typeparam>
    /// <param name="index">The entry's position in this block, from 0.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> has another size than the entries.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    public T Read<T>(int index)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != _entrySize)
            throw new ArgumentException($"A record of {Unsafe.SizeOf<T>()} bytes is not an entry of {_entrySize} bytes.", nameof(T));

        return MemoryMarshal.Read<T>(this[index]);
    }
}
