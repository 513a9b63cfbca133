using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace LiveUpdate.Kho;

public sealed partial class KexecHandover
{
    /// <inheritdoc/>
    public bool TryGetSubtree(string name, out KhoSubtree subtree)
    {
        ArgumentNullException.ThrowIfNull(name);
        subtree = default;
        return _incomingTree is not null && _incomingTree.TryGet(name, out subtree);
    }

    /// <inheritdoc/>
    public bool IsIncoming(PhysicalAddress address, long length) => _incoming is not null && _incoming.Covers(address, length);

    /// <inheritdoc/>
    public bool IsRestorable(PhysicalAddress address, out int order)
    {
        order = 0;
        return _incoming is not null && _incoming.IsRestorable(address, out _, out order);
    }

    /// <inheritdoc/>
    [MethodImpl(WithinPause.Compiled)]
    public ReadOnlySpan<byte> GetIncomingSpan(PhysicalAddress address, int length, string what)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (_incoming is null || !_incoming.Covers(address, length))
            ThrowNotPreserved(address, length, what);
        return Memory.GetSpan(address, length);
    }

    /// <summary>
    /// Takes over the whole preserved block that starts at an address (reference, part 1: restore). Works once per block.
    /// </summary>
    /// <param name="address">The first byte of the block.</param>
    /// <param name="owner">Who holds the pages from here on, until they are freed (<see cref="Free"/>).</param>
    /// <param name="order">The binary logarithm of its pages.</param>
    /// <returns>False if no preserved block starts there, or it has been restored; nothing changes then (reference A-79).</returns>
    /// <exception cref="ArgumentNullException"><paramref name="owner"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public bool TryRestore(PhysicalAddress address, PageOwner owner, out int order)
    {
        ArgumentNullException.ThrowIfNull(owner);
        lock (_gate)
        {
            ThrowIfNotActiveUnsynchronized();
            order = 0;
            if (_incoming is null || !_incoming.IsRestorable(address, out int page, out order))
                return false;
            _incoming.MarkRestored(page);
            _pool.TakeOver(page, order, owner);
            return true;
        }
    }

    /// <summary>Frees the whole preserved block that starts at an address, unread.</summary>
    /// <param name="address">The first byte of the block.</param>
    /// <returns>False if no preserved block starts there, or it has been restored; nothing changes then.</returns>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public bool TryRestoreAndFree(PhysicalAddress address)
    {
        lock (_gate)
        {
            ThrowIfNotActiveUnsynchronized();
            if (_incoming is null || !_incoming.IsRestorable(address, out int page, out int order))
                return false;
            _incoming.Forget(page, order);
            _pool.Release(page, 1 << order);
            return true;
        }
    }

    /// <summary>Notes, before the commit, that a structure refers to a block: a second one that does so is damaged.</summary>
    /// <returns>False if no block that was neither restored nor claimed starts at the address.</returns>
    internal bool TryClaim(PhysicalAddress address, out int order)
    {
        order = 0;
        lock (_gate)
        {
            ThrowIfOverUnsynchronized();
            return _incoming is not null && _incoming.TryClaim(address, out order);
        }
    }

    /// <summary>Takes a claim back, when the structure is not used after all.</summary>
    internal void Unclaim(PhysicalAddress address)
    {
        lock (_gate)
            _incoming?.Unclaim(address);
    }

    /// <summary>Throws unless the generation is active and the memory is not fixed by a hand-over.</summary>
    internal void ThrowIfNotActive()
    {
        lock (_gate)
            ThrowIfNotActiveUnsynchronized();
    }

    [DoesNotReturn]
    private static void ThrowNotPreserved(PhysicalAddress address, int length, string structure) =>
        throw new LiveUpdateImageException(
            LiveUpdateError.InvalidArgument, structure, address, 0, $"{length} bytes of preserved memory", "memory that was not preserved");
}
