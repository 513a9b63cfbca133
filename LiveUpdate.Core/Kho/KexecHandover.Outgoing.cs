using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

public sealed partial class KexecHandover
{
    /// <summary>Test seam: asked before every allocation with its bytes; true makes it fail with ENOMEM.</summary>
    internal Func<long, bool>? AllocationFault { get; set; }

    /// <summary>How many bytes from the start of the memory were ever in use: what the next generation will look at lies in them.</summary>
    internal long UsedBytes
    {
        get
        {
            lock (_gate)
                return (long)_pool.UsedPages << LuoAbi.PageShift;
        }
    }

    /// <summary>Allocates memory that the next generation gets (reference A-79).</summary>
    /// <param name="bytes">The size in bytes; rounded up to a power of two of pages.</param>
    /// <param name="owner">Who holds the pages.</param>
    /// <returns>The address of zeroed memory, to be given back with <see cref="FreePreserved"/>.</returns>
    /// <exception cref="LiveUpdateException">0 bytes (EINVAL), more than 4 MiB (E2BIG), or no room (ENOMEM, and what memory that grows may answer: EMFILE, EPERM).</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="owner"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public PhysicalAddress AllocatePreserved(long bytes, PageOwner owner)
    {
        if (!TryAllocatePreserved(bytes, owner, out PhysicalAddress address, out LiveUpdateError error))
            ThrowAllocationFailed(bytes, owner, error);
        return address;
    }

    /// <summary>As <see cref="AllocatePreserved"/>, with the refusal as a result.</summary>
    /// <param name="bytes">The size in bytes; rounded up to a power of two of pages.</param>
    /// <param name="owner">Who holds the pages.</param>
    /// <param name="address">The address of zeroed memory; none when the result is false.</param>
    /// <param name="error">EINVAL, E2BIG or ENOMEM when the result is false.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="owner"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public bool TryAllocatePreserved(long bytes, PageOwner owner, out PhysicalAddress address, out LiveUpdateError error)
    {
        lock (_gate)
        {
            if (!TryAllocateUnsynchronized(bytes, owner, out address, out int order, out error))
                return false;
            error = _tree.Add(RadixKey.Encode(address, order));
            if (error == LiveUpdateError.None)
                return true;
            FreeUnsynchronized(address);
            address = PhysicalAddress.None;
            return false;
        }
    }

    /// <summary>Allocates memory that is lost at the hand-over unless it is preserved later.</summary>
    /// <param name="bytes">The size in bytes; rounded up to a power of two of pages.</param>
    /// <param name="owner">Who holds the pages.</param>
    /// <returns>The address of zeroed memory, to be given back with <see cref="Free"/>.</returns>
    /// <exception cref="LiveUpdateException">0 bytes (EINVAL), more than 4 MiB (E2BIG), or no room (ENOMEM, and what memory that grows may answer: EMFILE, EPERM).</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="owner"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public PhysicalAddress Allocate(long bytes, PageOwner owner)
    {
        PhysicalAddress address;
        LiveUpdateError error;
        lock (_gate)
        {
            if (TryAllocateUnsynchronized(bytes, owner, out address, out _, out error))
                return address;
        }
        ThrowAllocationFailed(bytes, owner, error);
        return address;
    }

    /// <summary>Makes a block survive the hand-over: one that was allocated, or restored. Doing it again changes nothing.</summary>
    /// <param name="address">The first byte of the block.</param>
    /// <exception cref="ArgumentException">No allocated or restored block starts there.</exception>
    /// <exception cref="LiveUpdateException">No room for the map (ENOMEM); nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void Preserve(PhysicalAddress address)
    {
        lock (_gate)
        {
            LiveUpdateError error = _tree.Add(KeyOfUnsynchronized(address, out _));
            if (error != LiveUpdateError.None)
                throw new LiveUpdateException(error, $"The block at {address} cannot be entered in the preserved-memory map.");
        }
    }

    /// <summary>Lets a block be lost at the hand-over again. Nothing changes if it was not preserved.</summary>
    /// <param name="address">The first byte of the block.</param>
    /// <exception cref="ArgumentException">No allocated or restored block starts there.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void Unpreserve(PhysicalAddress address)
    {
        lock (_gate)
            _tree.Remove(KeyOfUnsynchronized(address, out _));
    }

    /// <summary>Frees a block that is not preserved: from <see cref="Allocate"/>, restored, or unpreserved.</summary>
    /// <param name="address">The first byte of the block.</param>
    /// <exception cref="ArgumentException">No allocated or restored block starts there.</exception>
    /// <exception cref="InvalidOperationException">
    /// The block is preserved; or this generation is not active, or a hand-over is written.
    /// </exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void Free(PhysicalAddress address)
    {
        lock (_gate)
        {
            if (_tree.Contains(KeyOfUnsynchronized(address, out _)))
                throw new InvalidOperationException($"The block at {address} is preserved; unpreserve it first.");
            FreeUnsynchronized(address);
        }
    }

    /// <summary>Frees a preserved block.</summary>
    /// <param name="address">
    /// What <see cref="AllocatePreserved"/> returned, or the address of a block that <see cref="Preserve"/> was called for.
    /// </param>
    /// <exception cref="ArgumentException">No preserved block starts there.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void FreePreserved(PhysicalAddress address)
    {
        lock (_gate)
        {
            RadixKey key = KeyOfUnsynchronized(address, out _);
            if (!_tree.Contains(key))
                throw new ArgumentException($"The block at {address} is not preserved.", nameof(address));
            _tree.Remove(key);
            FreeUnsynchronized(address);
        }
    }

    /// <summary>Enters a named blob in the device tree for the next generation (reference A-62).</summary>
    /// <param name="name">The name.</param>
    /// <param name="blob">The first byte of the blob, in preserved memory. Its bytes may change until the hand-over.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <exception cref="LiveUpdateException">The name is there (EEXIST), or the page of the tree is full (ENOMEM).</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, or has a NUL or a slash in it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The blob is not in the memory.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void AddSubtree(string name, PhysicalAddress blob, long size)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().ContainsAny('\0', '/'))
            throw new ArgumentException("The name of a subtree has no NUL and no slash.", nameof(name));
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (blob < Memory.Base || (ulong)(blob - Memory.Base) > (ulong)Memory.Length || size > Memory.Length - (blob - Memory.Base))
            throw new ArgumentOutOfRangeException(nameof(blob), blob, "The blob is not in the memory.");
        lock (_gate)
        {
            ThrowIfNotActiveUnsynchronized();
            LiveUpdateError error = _outgoingTree.Add(name, new KhoSubtree(blob, size));
            if (error != LiveUpdateError.None)
                throw new LiveUpdateException(error, $"The subtree {name} cannot be added.") { Operation = "add subtree" };
        }
    }

    /// <summary>Takes a named blob out of the device tree for the next generation. Nothing changes if it is not there.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void RemoveSubtree(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_gate)
        {
            ThrowIfNotActiveUnsynchronized();
            _outgoingTree.Remove(name);
        }
    }

    private bool TryAllocateUnsynchronized(
        long bytes, PageOwner owner, out PhysicalAddress address, out int order, out LiveUpdateError error)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ThrowIfNotActiveUnsynchronized();
        address = PhysicalAddress.None;
        order = 0;
        error = bytes == 0 ? LiveUpdateError.InvalidArgument : LiveUpdateError.TooBig;
        if (bytes is 0 or > KhoAbi.MaxAllocationSize)
            return false;
        order = BitOperations.Log2((uint)(bytes - 1) >> LuoAbi.PageShift << 1 | 1);
        error = LiveUpdateError.OutOfMemory;
        if (AllocationFault is { } fault && fault(bytes))
            return false;
        if (!_pool.TryAllocate(order, owner, out address))
        {
            error = _pool.Shortage;
            return false;
        }

        error = LiveUpdateError.None;
        return true;
    }

    private void FreeUnsynchronized(PhysicalAddress address)
    {
        _pool.IsAllocated(address, out int page, out int order);
        _pool.Free(page, order);
        _incoming?.Forget(page, order);
    }

    private RadixKey KeyOfUnsynchronized(PhysicalAddress address, out int page)
    {
        ThrowIfNotActiveUnsynchronized();
        if (!_pool.IsAllocated(address, out page, out int order) || IsOwnUnsynchronized(page))
            ThrowNoBlock(address);
        return RadixKey.Encode(address, order);
    }

    private bool IsOwnUnsynchronized(int page) => _pool.Owners[page] == _treeOwner || _pool.Owners[page] == _deviceTreeOwner;

    [DoesNotReturn]
    private static void ThrowNoBlock(PhysicalAddress address) =>
        throw new ArgumentException($"No block that was allocated or restored starts at {address}.", nameof(address));

    [DoesNotReturn]
    private static void ThrowAllocationFailed(long bytes, PageOwner owner, LiveUpdateError error) =>
        throw new LiveUpdateException(error, $"{bytes} bytes of memory for {owner.Name} cannot be had.") { Operation = "allocate" };
}
