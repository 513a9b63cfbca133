using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>A chain of blocks that a predecessor wrote, trusted only as far as it was checked (reference 2.3, A-22).</summary>
/// <remarks>
/// <see cref="Open"/> only reads, and so can be called before the commit; <see cref="Restore"/> takes the pages over after it. The blocks are
/// claimed: a second chain that leads to one of them is damaged. Not safe for threads.
/// </remarks>
public sealed class IncomingBlockSet : IDisposable
{
    private readonly KexecHandover _kho;
    private readonly PageOwner _owner;
    private readonly string _structure;
    private readonly List<PhysicalAddress> _blocks;
    private bool _restored;

    private IncomingBlockSet(KexecHandover kho, int entrySize, string structure, PageOwner owner, List<PhysicalAddress> blocks)
    {
        _kho = kho;
        _owner = owner;
        _structure = structure;
        _blocks = blocks;
        EntriesPerBlock = (LuoAbi.PageSize - LuoAbi.BlockHeaderSize) / entrySize;
    }

    /// <summary>The entries that a block can hold.</summary>
    public int EntriesPerBlock { get; }

    /// <summary>The blocks that have not been released.</summary>
    public int BlockCount => _blocks.Count;

    /// <summary>The entries of all blocks when the chain was opened.</summary>
    public long EntryCount { get; private set; }

    /// <summary>Walks and checks a chain.</summary>
    /// <param name="kho">The generation that received it.</param>
    /// <param name="head">The first block; none for an empty set.</param>
    /// <param name="entrySize">The size of an entry in bytes, 1 to 4080.</param>
    /// <param name="structure">What the blocks are, for messages, e.g. <c>session block</c>.</param>
    /// <param name="owner">Who holds the pages after <see cref="Restore"/>.</param>
    /// <exception cref="LiveUpdateImageException">
    /// In this order: a block that is not a preserved page of its own, a loop, or more than 20 000 blocks (EINVAL; nothing is freed); then, from
    /// the head, a count of 0 or above the capacity (EINVAL), or more than 10 000 blocks (ENOSPC). On the latter errors every block of the
    /// chain is freed if the generation is active.
    /// </exception>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entrySize"/> is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public static IncomingBlockSet Open(KexecHandover kho, PhysicalAddress head, int entrySize, string structure, PageOwner owner)
    {
        ArgumentNullException.ThrowIfNull(kho);
        ArgumentNullException.ThrowIfNull(structure);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(entrySize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entrySize, LuoAbi.PageSize - LuoAbi.BlockHeaderSize);
        List<PhysicalAddress> blocks = BlockChain.Walk(kho, head, structure);
        var set = new IncomingBlockSet(kho, entrySize, structure, owner, blocks);
        set.Claim();
        try
        {
            set.EntryCount = BlockChain.CountEntries(kho, blocks, set.EntriesPerBlock, structure);
            return set;
        }
        catch (LiveUpdateImageException)
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Copies a block, once: what the caller checks and uses is the copy.</summary>
    /// <param name="block">The number of the block.</param>
    /// <param name="buffer">At least 4096 bytes; gets the whole block, header included.</param>
    /// <returns>How many entries the copy has, checked.</returns>
    /// <exception cref="LiveUpdateImageException">The count in the copy is 0 or above the capacity (EINVAL).</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    /// <exception cref="ArgumentException"><paramref name="buffer"/> is shorter than 4096 bytes.</exception>
    public int ReadBlock(int block, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)_blocks.Count, nameof(block));
        if (buffer.Length < LuoAbi.PageSize)
            throw new ArgumentException($"A block has {LuoAbi.PageSize} bytes.", nameof(buffer));
        _kho.GetIncomingSpan(_blocks[block], LuoAbi.PageSize, _structure).CopyTo(buffer);
        return BlockChain.CheckCount(MemoryMarshal.Read<KhoBlockHeaderSer>(buffer).Count, _blocks[block], EntriesPerBlock, _structure);
    }

    /// <summary>Takes the pages over in the account, after the commit. Idempotent.</summary>
    /// <exception cref="LiveUpdateImageException">Somebody else has restored a block (EINVAL).</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void Restore()
    {
        if (_restored)
            return;
        for (int i = 0; i < _blocks.Count; i++)
        {
            if (_kho.TryRestore(_blocks[i], _owner, out _))
                continue;
            foreach (PhysicalAddress block in _blocks[..i])
                _kho.Free(block);
            PhysicalAddress bad = _blocks[i];
            _blocks.RemoveRange(0, i + 1);
            throw BlockChain.Bad(_structure, bad, 0, "a block that was not restored yet", "one that was");
        }
        _restored = true;
    }

    /// <summary>Frees the last blocks, e.g. when their entries have been taken over.</summary>
    /// <param name="blocks">How many, at most <see cref="BlockCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="blocks"/> is out of range.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void ReleaseLast(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)blocks, (uint)_blocks.Count, nameof(blocks));
        for (; blocks > 0; blocks--)
        {
            if (_restored)
                _kho.Free(_blocks[^1]);
            else
                _kho.TryRestoreAndFree(_blocks[^1]);
            _blocks.RemoveAt(_blocks.Count - 1);
        }
    }

    /// <summary>Frees all blocks. Idempotent.</summary>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void Release() => ReleaseLast(_blocks.Count);

    /// <summary>
    /// Frees all blocks of an active generation. Before the commit only the claim is given up; after the end of the generation nothing
    /// happens. Idempotent.
    /// </summary>
    public void Dispose()
    {
        if (_kho.IsActive)
        {
            Release();
            return;
        }
        foreach (PhysicalAddress block in _blocks)
            _kho.Unclaim(block);
        _blocks.Clear();
    }

    private void Claim()
    {
        for (int i = 0; i < _blocks.Count; i++)
        {
            if (_kho.TryClaim(_blocks[i], out int order) && order == 0)
                continue;
            string found = order == 0 ? "one that something else refers to, or that was restored" : $"a block of order {order}";
            foreach (PhysicalAddress block in _blocks[..i])
                _kho.Unclaim(block);
            throw BlockChain.Bad(_structure, _blocks[i], 0, "a preserved page of its own", found);
        }
    }
}
