using System.Diagnostics;
using System.Numerics;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>
/// A buddy allocator over page numbers: blocks of 2^order pages, aligned to their size, orders 0 to <see cref="KhoAbi.MaxOrder"/>.
/// </summary>
/// <remarks>
/// Knows nothing of memory: its books lie in managed arrays, so that a damaged page cannot damage them. Every page starts as reserved;
/// <see cref="Release"/> makes pages free. Allocation and free take time in proportion to the number of orders. Not safe for threads.
/// </remarks>
internal sealed class PageAllocator
{
    private const byte Free = 0x80;
    private const byte Allocated = 0x40;
    private const byte OrderMask = 0x3F;
    private const int None = -1;

    // The state of a block is at its first page; the other pages of a block are 0, like reserved ones.
    private readonly byte[] _state;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int[] _heads = new int[KhoAbi.MaxOrder + 1];
    private uint _ordersWithBlocks;

    public PageAllocator(int pageCount)
    {
        _state = new byte[pageCount];
        _next = new int[pageCount];
        _previous = new int[pageCount];
        _heads.AsSpan().Fill(None);
    }

    /// <summary>All pages, reserved ones included.</summary>
    public int PageCount => _state.Length;

    /// <summary>The pages in free blocks.</summary>
    public int FreePages { get; private set; }

    /// <summary>The number of pages from the first to the last that was ever allocated.</summary>
    public int UsedPages { get; set; }

    /// <summary>Writes to every page of the books; only while nothing is in them.</summary>
    public void Touch()
    {
        _state.AsSpan().Clear();
        _next.AsSpan().Clear();
        _previous.AsSpan().Clear();
    }

    /// <summary>Makes reserved pages free, highest first, so that the lowest are allocated first.</summary>
    public void Release(int start, int count)
    {
        int end = start + count;
        while (end > start)
        {
            int order = Math.Min(BitOperations.TrailingZeroCount(end), BitOperations.Log2((uint)(end - start)));
            order = Math.Min(order, KhoAbi.MaxOrder);
            end -= 1 << order;
            FreeBlock(end, order);
        }
    }

    /// <summary>Takes a free block.</summary>
    /// <returns>False if there is none of that order or above.</returns>
    public bool TryAllocate(int order, out int page)
    {
        uint large = _ordersWithBlocks >> order;
        if (large == 0)
        {
            page = None;
            return false;
        }
        int found = order + BitOperations.TrailingZeroCount(large);
        page = _heads[found];
        Unlink(page, found);
        while (found > order)
        {
            found--;
            Link(page + (1 << found), found);
        }
        _state[page] = (byte)(Allocated | order);
        FreePages -= 1 << order;
        UsedPages = Math.Max(UsedPages, page + (1 << order));
        return true;
    }

    /// <summary>Makes reserved pages an allocated block, of any order.</summary>
    public void TakeOver(int page, int order)
    {
        Debug.Assert(_state[page] == 0, "the pages must be reserved");
        _state[page] = (byte)(Allocated | order);
        UsedPages = Math.Max(UsedPages, page + (1 << order));
    }

    /// <summary>Whether an allocated block starts at a page.</summary>
    public bool IsAllocated(int page, out int order)
    {
        order = _state[page] & OrderMask;
        return (_state[page] & Allocated) != 0;
    }

    /// <summary>Gives an allocated block back; it melts with its free neighbours.</summary>
    public void Return(int page)
    {
        int order = _state[page] & OrderMask;
        Debug.Assert((_state[page] & Allocated) != 0, "the block must be allocated");
        _state[page] = 0;
        if (order <= KhoAbi.MaxOrder)
            FreeBlock(page, order);
        else
            Release(page, 1 << order);
    }

    private void FreeBlock(int page, int order)
    {
        FreePages += 1 << order;
        for (; order < KhoAbi.MaxOrder; order++)
        {
            int buddy = page ^ (1 << order);
            if (buddy >= _state.Length || _state[buddy] != (byte)(Free | order))
                break;
            Unlink(buddy, order);
            page = Math.Min(page, buddy);
        }
        Link(page, order);
    }

    private void Link(int page, int order)
    {
        int head = _heads[order];
        _next[page] = head;
        _previous[page] = None;
        if (head != None)
            _previous[head] = page;
        _heads[order] = page;
        _state[page] = (byte)(Free | order);
        _ordersWithBlocks |= 1u << order;
    }

    private void Unlink(int page, int order)
    {
        int next = _next[page], previous = _previous[page];
        if (next != None)
            _previous[next] = previous;
        if (previous != None)
            _next[previous] = next;
        else
            _heads[order] = next;
        if (_heads[order] == None)
            _ordersWithBlocks &= ~(1u << order);
        _state[page] = 0;
    }
}
