using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>The preserved-memory map of an outgoing generation: a radix tree in pages of the memory itself (reference 2.9).</summary>
/// <remarks>
/// Writes live, so that the map is complete at every moment and the hand-over has nothing left to do. The pages of the tree are not keys
/// in it (reference A-77) and are never released. Not safe for threads.
/// </remarks>
internal sealed class PreservedPageTree
{
    private const int TopLevel = KhoAbi.RadixLevels - 1;
    private const ulong NoPrefix = ulong.MaxValue;

    private readonly KhoMemory _memory;
    private readonly PagePool _pool;
    private readonly PageOwner _owner;
    private PhysicalAddress _cachedLeaf;
    private ulong _cachedPrefix = NoPrefix;

    /// <summary>Makes an empty tree; it has no root before <see cref="TryCreateRoot"/>.</summary>
    public PreservedPageTree(KhoMemory memory, PagePool pool, PageOwner owner)
    {
        _memory = memory;
        _pool = pool;
        _owner = owner;
    }

    /// <summary>The page of the highest level.</summary>
    public PhysicalAddress Root { get; private set; }

    /// <summary>Makes the root page.</summary>
    /// <returns>False if there is no free page.</returns>
    public bool TryCreateRoot()
    {
        if (!_pool.TryAllocate(0, _owner, out PhysicalAddress root))
            return false;
        Root = root;
        return true;
    }

    /// <summary>Enters a key; entering it again changes nothing (reference A-75).</summary>
    /// <returns>
    /// None, ERANGE for a key wider than 53 bits, EINVAL without a root, or ENOMEM (or why memory that grows did not) with all pages made by this
    /// call released.
    /// </returns>
    public LiveUpdateError Add(RadixKey key)
    {
        if (key.Value >> KhoAbi.RadixKeyBits != 0)
            return LiveUpdateError.OutOfRange;
        if (Root.IsNone)
            return LiveUpdateError.InvalidArgument;
        if (!TryFindLeaf(key, out PhysicalAddress leaf, out PhysicalAddress lowest, out int level) &&
            !TryGrow(key, lowest, level, out leaf))
            return _pool.Shortage;
        Byte(leaf, key) |= Bit(key);
        return LiveUpdateError.None;
    }

    /// <summary>Takes a key out; a key that is not there is ignored (reference ).</summary>
    public void Remove(RadixKey key)
    {
        if (key.IsValid && !Root.IsNone && TryFindLeaf(key, out PhysicalAddress leaf, out _, out _))
            Byte(leaf, key) &= (byte)~Bit(key);
    }

    /// <summary>Whether a key is in the tree.</summary>
    public bool Contains(RadixKey key) =>
        key.IsValid && !Root.IsNone && TryFindLeaf(key, out PhysicalAddress leaf, out _, out _) && (Byte(leaf, key) & Bit(key)) != 0;

    private static byte Bit(RadixKey key) => (byte)(1 << (key.LeafBit & 7));

    private ref byte Byte(PhysicalAddress leaf, RadixKey key) => ref _memory.GetSpan(leaf, LuoAbi.PageSize)[key.LeafBit >> 3];

    private Span<ulong> Table(PhysicalAddress node) => MemoryMarshal.Cast<byte, ulong>(_memory.GetSpan(node, LuoAbi.PageSize));

    // Where the way ends early, lowest is the page at the level where the entry is missing.
    private bool TryFindLeaf(RadixKey key, out PhysicalAddress leaf, out PhysicalAddress lowest, out int level)
    {
        ulong prefix = key.Value >> KhoAbi.RadixLeafShift;
        level = 0;
        if (prefix == _cachedPrefix)
        {
            leaf = lowest = _cachedLeaf;
            return true;
        }
        lowest = Root;
        for (level = TopLevel; level > 0; level--)
        {
            var next = new PhysicalAddress(Table(lowest)[key.Index(level)]);
            if (next.IsNone)
            {
                leaf = PhysicalAddress.None;
                return false;
            }
            lowest = next;
        }
        leaf = lowest;
        Cache(prefix, leaf);
        return true;
    }

    // All pages are made before the first is linked, so that a failure leaves the tree as it was.
    private bool TryGrow(RadixKey key, PhysicalAddress lowest, int level, out PhysicalAddress leaf)
    {
        Span<PhysicalAddress> nodes = stackalloc PhysicalAddress[TopLevel];
        nodes = nodes[..level];
        for (int i = 0; i < nodes.Length; i++)
        {
            if (_pool.TryAllocate(0, _owner, out nodes[i]))
                continue;
            foreach (PhysicalAddress node in nodes[..i])
            {
                _pool.IsAllocated(node, out int page, out int order);
                _pool.Free(page, order);
            }
            leaf = PhysicalAddress.None;
            return false;
        }
        leaf = nodes[0];
        for (int i = 1; i < nodes.Length; i++)
            Table(nodes[i])[key.Index(i)] = nodes[i - 1].Value;
        Table(lowest)[key.Index(level)] = nodes[^1].Value;
        Cache(key.Value >> KhoAbi.RadixLeafShift, leaf);
        return true;
    }

    private void Cache(ulong prefix, PhysicalAddress leaf)
    {
        _cachedPrefix = prefix;
        _cachedLeaf = leaf;
    }
}
