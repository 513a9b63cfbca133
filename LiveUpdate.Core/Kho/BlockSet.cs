using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>
/// The outgoing chain of blocks: room for entries of one size, in preserved pages of 4096 bytes (reference 2.3, A-20, A-21).
/// </summary>
/// <remarks>
/// <para>
/// Room is reserved with <see cref="EnsureCapacity"/> while a refusal still hurts nobody; the entries are written, and <see cref="Seal"/>
/// links the blocks, when everything is frozen, without allocation and without failure.
/// </para>
/// <para>Not safe for threads: the owner of the entries guards it.</para>
/// </remarks>
public sealed class BlockSet : IDisposable
{
    private readonly KexecHandover _kho;
    private readonly PageOwner _owner;
    private readonly int _entrySize;
    private PhysicalAddress[] _blocks = [];

    /// <summary>Makes a set without blocks.</summary>
    /// <param name="kho">The generation that the blocks belong to.</param>
    /// <param name="entrySize">The size of an entry in bytes, 1 to 4080.</param>
    /// <param name="owner">Who holds the pages in the account.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entrySize"/> is out of range.</exception>
    public BlockSet(KexecHandover kho, int entrySize, PageOwner owner)
    {
        ArgumentNullException.ThrowIfNull(kho);
        ArgumentNullException.ThrowIfNull(owner);
        _kho = kho;
        _owner = owner;
        _entrySize = entrySize;
        EntriesPerBlock = BlockLayout.CapacityOf(entrySize);
    }

    /// <summary>The entries that a block holds: floor(4080 / entry size).</summary>
    public int EntriesPerBlock { get; }

    /// <summary>The blocks that are reserved.</summary>
    public int BlockCount { get; private set; }

    /// <summary>The entries that room is reserved for.</summary>
    internal long Capacity => (long)BlockCount * EntriesPerBlock;

    /// <summary>Reserves room for a number of entries, all or nothing; room is never given up by this method.</summary>
    /// <param name="entries">The number of entries that must fit.</param>
    /// <exception cref="LiveUpdateException">
    /// More than 10 000 blocks (ENOSPC, reference 4.13), or no memory (ENOMEM); nothing has changed.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entries"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void EnsureCapacity(long entries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entries);
        if (entries > (long)BlockCount * EntriesPerBlock)
            Grow(entries);
    }

    /// <summary>Gives up the blocks that are not needed for a number of entries.</summary>
    /// <param name="entries">The number of entries that stay; those behind them are lost.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entries"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void Trim(long entries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entries);
        FreeBlocksFrom((int)Math.Min(BlocksFor(entries), BlockCount));
    }

    /// <summary>An entry's bytes; zero until they are written.</summary>
    /// <param name="index">The number of the entry, counted over all blocks.</param>
    /// <exception cref="ArgumentOutOfRangeException">No room is reserved for that entry.</exception>
    public Span<byte> GetEntry(long index)
    {
        if ((ulong)index >= (ulong)((long)BlockCount * EntriesPerBlock))
            ThrowNoEntry(index);
        // At most 10 000 blocks of 4080 entries: 32 bits are enough, and divide faster.
        (uint block, uint slot) = Math.DivRem((uint)index, (uint)EntriesPerBlock);
        return _kho.Memory.GetSpan(_blocks[block] + (LuoAbi.BlockHeaderSize + (slot * _entrySize)), _entrySize);
    }

    /// <summary>The bytes of all entries of a block, <see cref="EntriesPerBlock"/> times the entry size.</summary>
    /// <param name="block">The number of the block.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    public Span<byte> GetBlockEntries(int block)
    {
        if ((uint)block >= (uint)BlockCount)
            ThrowNoEntry(block);
        return _kho.Memory.GetSpan(_blocks[block] + LuoAbi.BlockHeaderSize, EntriesPerBlock * _entrySize);
    }

    /// <summary>
    /// Links the blocks that hold the first <paramref name="count"/> entries and writes their counts; zeroes what is behind the last entry
    /// in its block. No block without entries is linked (reference A-21). Allocates nothing.
    /// </summary>
    /// <param name="count">The number of entries that are valid, from the first.</param>
    /// <returns>The address of the first block; none for no entries.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or beyond the reserved room.</exception>
    public PhysicalAddress Seal(long count)
    {
        if ((ulong)count > (ulong)((long)BlockCount * EntriesPerBlock))
            ThrowNoEntry(count);
        int linked = (int)BlocksFor(count);
        for (int block = 0; block < BlockCount; block++)
        {
            long entries = Math.Clamp(count - ((long)block * EntriesPerBlock), 0, EntriesPerBlock);
            var header = new KhoBlockHeaderSer
            {
                NextAddress = block + 1 < linked ? _blocks[block + 1].Value : 0,
                Count = (ulong)entries,
            };
            Span<byte> page = _kho.Memory.GetSpan(_blocks[block], LuoAbi.PageSize);
            MemoryMarshal.Write(page, in header);
            if (entries < EntriesPerBlock)
                page[(LuoAbi.BlockHeaderSize + ((int)entries * _entrySize))..].Clear();
        }
        return linked == 0 ? PhysicalAddress.None : _blocks[0];
    }

    /// <summary>Frees all blocks. Idempotent.</summary>
    /// <remarks>
    /// After the end of the generation, and while a hand-over is written, the blocks are no longer its to free, and nothing happens; when
    /// the hand-over has been called off, call it again.
    /// </remarks>
    public void Dispose()
    {
        if (BlockCount > 0 && !_kho.IsOver && !_kho.IsHandoverWritten)
            FreeBlocksFrom(0);
    }

    private long BlocksFor(long entries) => (entries / EntriesPerBlock) + (entries % EntriesPerBlock == 0 ? 0 : 1);

    private void Grow(long entries)
    {
        long needed = BlocksFor(entries);
        if (needed > LuoAbi.MaxBlocks)
            throw new LiveUpdateException(LiveUpdateError.NoSpace, $"{entries} entries need more than {LuoAbi.MaxBlocks} blocks.");
        if (needed > _blocks.Length)
            Array.Resize(ref _blocks, (int)Math.Min(LuoAbi.MaxBlocks, Math.Max(needed, 2L * _blocks.Length)));
        int before = BlockCount;
        while (BlockCount < needed)
        {
            if (!_kho.TryAllocatePreserved(LuoAbi.PageSize, _owner, out _blocks[BlockCount], out LiveUpdateError error))
            {
                FreeBlocksFrom(before);
                throw new LiveUpdateException(error, $"{needed} blocks for {_owner.Name} cannot be had.");
            }
            BlockCount++;
        }
    }

    private void FreeBlocksFrom(int first)
    {
        while (BlockCount > first)
        {
            _kho.FreePreserved(_blocks[BlockCount - 1]);
            BlockCount--;
        }
    }

    [DoesNotReturn]
    private void ThrowNoEntry(long index) =>
        throw new ArgumentOutOfRangeException(
            nameof(index), index, $"Room is reserved for {BlockCount} blocks of {EntriesPerBlock} entries.");
}
