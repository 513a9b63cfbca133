using System.Runtime.CompilerServices;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>A chain of blocks that a predecessor wrote, trusted only as far as it was checked (reference 2.3, A-22).</summary>
/// <remarks>
/// <see cref="Open"/> only reads, and so can be called before the commit; <see cref="Restore"/> takes the pages over after it. The blocks
/// are claimed: a second chain that leads to one of them is damaged. Not safe for threads.
/// </remarks>
public sealed class IncomingBlockSet : IDisposable
{
    private readonly KexecHandover _kho;
    private readonly int _entrySize;
    private readonly string _structure;
    private readonly IncomingBlocks _blocks;

    private IncomingBlockSet(KexecHandover kho, int entrySize, string structure, IncomingBlocks blocks)
    {
        _kho = kho;
        _entrySize = entrySize;
        _structure = structure;
        _blocks = blocks;
    }

    /// <summary>The entries that a block can hold.</summary>
    public int EntriesPerBlock => BlockLayout.CapacityOf(_entrySize);

    /// <summary>The blocks that have not been released.</summary>
    public int BlockCount => _blocks.Count;

    /// <summary>The entries of all blocks when the chain was opened.</summary>
    public long EntryCount { get; private init; }

    /// <summary>Walks and checks a chain.</summary>
    /// <param name="kho">The generation that received it.</param>
    /// <param name="head">The first block; none for an empty set.</param>
    /// <param name="entrySize">The size of an entry in bytes, 1 to 4080.</param>
    /// <param name="structure">What the blocks are, for messages, e.g. <c>session block</c>.</param>
    /// <param name="owner">Who holds the pages after <see cref="Restore"/>.</param>
    /// <exception cref="LiveUpdateImageException">
    /// In this order: a block that is not a preserved page of its own, a loop, or more than 20 000 blocks (EINVAL; nothing is freed); then,
    /// from the head, a count of 0 or above the capacity (EINVAL), or more than 10 000 blocks (ENOSPC). On the latter errors every block of
    /// the chain is freed if the generation is active.
    /// </exception>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entrySize"/> is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public static IncomingBlockSet Open(KexecHandover kho, PhysicalAddress head, int entrySize, string structure, PageOwner owner)
    {
        ArgumentNullException.ThrowIfNull(kho);
        ArgumentNullException.ThrowIfNull(structure);
        ArgumentNullException.ThrowIfNull(owner);
        BlockLayout.CapacityOf(entrySize);
        List<PhysicalAddress> blocks = BlockChain.Walk(kho, head, structure);
        var claimed = IncomingBlocks.Claim(kho, blocks, static _ => 0, structure, owner);
        try
        {
            long entries = BlockChain.CountEntries(kho, blocks, entrySize, structure);
            return new IncomingBlockSet(kho, entrySize, structure, claimed) { EntryCount = entries };
        }
        catch (LiveUpdateImageException)
        {
            claimed.Dispose();
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
    [MethodImpl(WithinPause.Compiled)]
    public int ReadBlock(int block, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)_blocks.Count, nameof(block));
        if (buffer.Length < LuoAbi.PageSize)
            throw new ArgumentException($"A block has {LuoAbi.PageSize} bytes.", nameof(buffer));
        _kho.GetIncomingSpan(_blocks[block], LuoAbi.PageSize, _structure).CopyTo(buffer);
        return new BlockReader(buffer, _entrySize, _structure, _blocks[block]).Count;
    }

    /// <summary>Takes the pages over in the account, after the commit. Idempotent.</summary>
    /// <exception cref="LiveUpdateImageException">Somebody else has restored a block (EINVAL).</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void Restore() => _blocks.Restore();

    /// <summary>Frees the last blocks, e.g. when their entries have been taken over.</summary>
    /// <param name="blocks">How many, at most <see cref="BlockCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="blocks"/> is out of range.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void ReleaseLast(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)blocks, (uint)_blocks.Count, nameof(blocks));
        _blocks.Release(blocks);
    }

    /// <summary>Frees all blocks. Idempotent.</summary>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void Release() => ReleaseLast(_blocks.Count);

    /// <summary>
    /// Frees all blocks of an active generation. Before the commit only the claim is given up; after the end of the generation, and while a
    /// hand-over is written, nothing happens. Idempotent.
    /// </summary>
    public void Dispose() => _blocks.Dispose();
}
