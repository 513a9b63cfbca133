using System.Runtime.CompilerServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>What the predecessor preserved in a region, one byte a page: read once from its map, checked, and used instead of it.</summary>
/// <remarks>Reading while another thread restores is safe; changes need a lock.</remarks>
internal sealed class IncomingPageMap
{
    private const string Structure = "preserved-memory map";
    private const byte Tail = 0x01;
    private const byte OrderMask = 0x1F;
    private const byte Head = 0x20;
    private const byte Claimed = 0x40;
    private const byte Restored = 0x80;

    private readonly KhoMemory _memory;

    // 0: not preserved. First page of a block: Head and its order, with Claimed and Restored when it is. Its other pages: Tail.
    private readonly byte[] _pages;

    private IncomingPageMap(KhoMemory memory, byte[] pages) => (_memory, _pages) = (memory, pages);

    /// <summary>Reads the map of a predecessor.</summary>
    /// <param name="memory">The region.</param>
    /// <param name="pages">A zeroed byte for each page of it; the map's from here on.</param>
    /// <param name="root">The root page of the map.</param>
    /// <param name="deviceTree">The page of the device tree, which is not preserved.</param>
    /// <exception cref="LiveUpdateImageException">
    /// The map is damaged: a block outside the region, over another block, or over the pages that hold the hand-over itself (EINVAL).
    /// </exception>
    public static IncomingPageMap Read(KhoMemory memory, byte[] pages, PhysicalAddress root, PhysicalAddress deviceTree)
    {
        var map = new IncomingPageMap(memory, pages);
        IReadOnlySet<ulong> nodes = PreservedPageTreeReader.Walk(memory, root, map.Enter, out _);
        map.CheckNotPreserved(deviceTree, "the device tree");
        foreach (ulong node in nodes)
        {
            map.CheckNotPreserved(new PhysicalAddress(node), "the map itself");
            if (node == deviceTree.Value || node == memory.Base.Value)
                throw Bad(new PhysicalAddress(node), "a page of its own", "the page of the boot record or of the device tree");
        }
        return map;
    }

    /// <summary>The last page below another that is preserved and not freed; -1 for none.</summary>
    public int LastBelow(int end) => _pages.AsSpan(0, end).LastIndexOfAnyExcept((byte)0);

    /// <summary>Whether a whole range is preserved and not freed.</summary>
    [MethodImpl(WithinPause.Compiled)]
    public bool Covers(PhysicalAddress address, long length)
    {
        ulong offset = address.Value - _memory.Base.Value;
        if (length <= 0 || offset >= (ulong)_memory.Length || (ulong)length > (ulong)_memory.Length - offset)
            return false;
        int first = (int)(offset >> LuoAbi.PageShift), last = (int)((offset + (ulong)length - 1) >> LuoAbi.PageShift);
        return first == last ? _pages[first] != 0 : !_pages.AsSpan(first, last - first + 1).Contains((byte)0);
    }

    /// <summary>Whether a block that was not restored starts at an address.</summary>
    public bool IsRestorable(PhysicalAddress address, out int page, out int order)
    {
        order = 0;
        page = 0;
        ulong offset = address.Value - _memory.Base.Value;
        if (offset >= (ulong)_memory.Length || !address.IsAligned(LuoAbi.PageSize))
            return false;
        page = (int)(offset >> LuoAbi.PageShift);
        byte state = _pages[page];
        order = state & OrderMask;
        return (state & (Head | Restored)) == Head;
    }

    /// <summary>Notes that a structure refers to a block, so that no second one can.</summary>
    /// <returns>False if no block that was neither restored nor claimed starts at the address.</returns>
    public bool TryClaim(PhysicalAddress address, out int order)
    {
        if (!IsRestorable(address, out int page, out order) || (_pages[page] & Claimed) != 0)
            return false;
        _pages[page] |= Claimed;
        return true;
    }

    /// <summary>Takes a claim back.</summary>
    public void Unclaim(PhysicalAddress address)
    {
        if (IsRestorable(address, out int page, out _))
            _pages[page] &= unchecked((byte)~Claimed);
    }

    /// <summary>Notes that the block at a page has been restored.</summary>
    public void MarkRestored(int page) => _pages[page] |= Restored;

    /// <summary>Notes that pages have been freed.</summary>
    public void Forget(int page, int order) => _pages.AsSpan(page, 1 << order).Clear();

    /// <summary>The blocks that nobody has restored.</summary>
    public List<PreservedRange> ListUnrestored()
    {
        List<PreservedRange> ranges = [];
        for (int page = 0; page < _pages.Length; page++)
        {
            PhysicalAddress address = _memory.Base + ((long)page << LuoAbi.PageShift);
            if (IsRestorable(address, out _, out int order))
                ranges.Add(new PreservedRange(address, order));
        }
        return ranges;
    }

    [MethodImpl(WithinPause.Compiled)]
    private int Enter(RadixKey key)
    {
        PhysicalAddress address = key.Address;
        int order = key.Order;
        ulong offset = address.Value - _memory.Base.Value;
        ulong length = (ulong)_memory.Length;
        // Beyond order 31 no block fits into a region of at most 2^31 pages.
        if (order > 31 || offset >= length || (ulong)LuoAbi.PageSize << order > length - offset)
            throw Bad(address, $"blocks in the region of {_memory.Length} bytes from {_memory.Base}", key.ToString());
        int page = (int)(offset >> LuoAbi.PageShift);
        if (page == 0)
            throw Bad(address, "no block over the boot record", key.ToString());
        Span<byte> pages = _pages.AsSpan(page, (int)(1L << order));
        if (pages.ContainsAnyExcept((byte)0))
            throw Bad(address, "blocks that do not overlap", key.ToString());
        pages.Fill(Tail);
        pages[0] = (byte)(Head | order);
        return 0;
    }

    private void CheckNotPreserved(PhysicalAddress page, string what)
    {
        if (Covers(page, LuoAbi.PageSize))
            throw Bad(page, $"no block over {what}", "one");
    }

    private static LiveUpdateImageException Bad(PhysicalAddress address, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, Structure, address, 0, expected, found);
}
