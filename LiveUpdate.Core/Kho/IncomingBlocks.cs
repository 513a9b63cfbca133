namespace LiveUpdate.Kho;

/// <summary>
/// The preserved blocks of one incoming structure: claimed while it is only read, restored after the commit, freed when it is done with.
/// </summary>
/// <remarks>Not safe for threads.</remarks>
internal sealed class IncomingBlocks : IDisposable
{
    private readonly KexecHandover _kho;
    private readonly PageOwner _owner;
    private readonly string _structure;
    private readonly List<PhysicalAddress> _blocks;
    private bool _restored;

    private IncomingBlocks(KexecHandover kho, PageOwner owner, string structure, List<PhysicalAddress> blocks)
    {
        _kho = kho;
        _owner = owner;
        _structure = structure;
        _blocks = blocks;
    }

    /// <summary>How many have not been released.</summary>
    public int Count => _blocks.Count;

    /// <summary>The address of a block.</summary>
    public PhysicalAddress this[int index] => _blocks[index];

    /// <summary>Claims blocks, all or none.</summary>
    /// <param name="kho">The generation that received them.</param>
    /// <param name="blocks">Their addresses; the list belongs to the result.</param>
    /// <param name="orderOf">The order that the block at an index must have.</param>
    /// <param name="structure">What they are, for messages.</param>
    /// <param name="owner">Who holds the pages after <see cref="Restore"/>.</param>
    /// <exception cref="LiveUpdateImageException">
    /// A block was not preserved on its own and in that order, was restored, or is claimed (EINVAL).
    /// </exception>
    public static IncomingBlocks Claim(
        KexecHandover kho, List<PhysicalAddress> blocks, Func<int, int> orderOf, string structure, PageOwner owner)
    {
        for (int i = 0; i < blocks.Count; i++)
        {
            bool claimed = kho.TryClaim(blocks[i], out int order);
            if (claimed && order == orderOf(i))
                continue;
            for (int j = claimed ? i : i - 1; j >= 0; j--)
                kho.Unclaim(blocks[j]);
            throw Bad(
                structure,
                blocks[i],
                $"a preserved block of order {orderOf(i)} of its own",
                claimed ? $"order {order}" : "none that is not restored or referred to twice");
        }
        return new IncomingBlocks(kho, owner, structure, blocks);
    }

    /// <summary>Takes the pages over in the account. Idempotent.</summary>
    /// <exception cref="LiveUpdateImageException">Somebody else has restored a block (EINVAL); the others are freed.</exception>
    public void Restore()
    {
        if (_restored)
            return;
        for (int i = 0; i < _blocks.Count; i++)
        {
            if (_kho.TryRestore(_blocks[i], _owner, out _))
                continue;
            PhysicalAddress bad = _blocks[i];
            foreach (PhysicalAddress block in _blocks[..i])
                _kho.Free(block);
            _blocks.RemoveRange(0, i + 1);
            Release(_blocks.Count);
            throw Bad(_structure, bad, "a block that was not restored yet", "one that was");
        }
        _restored = true;
    }

    /// <summary>Frees the last blocks.</summary>
    public void Release(int count)
    {
        for (; count > 0; count--)
        {
            if (_restored)
                _kho.Free(_blocks[^1]);
            else
                _kho.TryRestoreAndFree(_blocks[^1]);
            _blocks.RemoveAt(_blocks.Count - 1);
        }
    }

    /// <summary>
    /// Frees all blocks of an active generation. Before the commit only the claim is given up; after the end of the generation, and while a
    /// hand-over is written, nothing happens. Idempotent.
    /// </summary>
    public void Dispose()
    {
        if (_kho.IsHandoverWritten)
            return;
        if (_kho.IsActive)
        {
            Release(_blocks.Count);
            return;
        }
        foreach (PhysicalAddress block in _blocks)
            _kho.Unclaim(block);
        _blocks.Clear();
    }

    private static LiveUpdateImageException Bad(string structure, PhysicalAddress block, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, structure, block, 0, expected, found);
}
