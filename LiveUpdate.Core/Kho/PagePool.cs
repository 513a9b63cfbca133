using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>The pages of a region, with who owns which: a <see cref="PageAllocator"/> over addresses. Not safe for threads.</summary>
internal sealed class PagePool
{
    private readonly KhoMemory _memory;
    private readonly PageAllocator _pages;
    private readonly PageOwner?[] _owners;

    public PagePool(KhoMemory memory)
    {
        _memory = memory;
        _pages = new PageAllocator((int)(memory.MaxLength >> LuoAbi.PageShift));
        _owners = new PageOwner?[_pages.PageCount];
    }

    /// <summary>The pages that are there now.</summary>
    public int PageCount => (int)(_memory.Length >> LuoAbi.PageShift);

    /// <summary>Why the last block that could not be had was not there.</summary>
    public LiveUpdateError Shortage { get; private set; }

    public int FreePages => _pages.FreePages;

    /// <inheritdoc cref="PageAllocator.UsedPages"/>
    public int UsedPages
    {
        get => _pages.UsedPages;
        set => _pages.UsedPages = value;
    }

    /// <summary>The owner of the block that starts at each page.</summary>
    public ReadOnlySpan<PageOwner?> Owners => _owners;

    /// <summary>Writes to every page of the books; only while nothing is in them.</summary>
    public void Touch()
    {
        _pages.Touch();
        _owners.AsSpan().Clear();
    }

    /// <inheritdoc cref="PageAllocator.Release"/>
    public void Release(int start, int count) => _pages.Release(start, count);

    /// <summary>Takes a zeroed block for an owner; memory that can grow does so for it.</summary>
    public bool TryAllocate(int order, PageOwner owner, out PhysicalAddress address)
    {
        if (!_pages.TryAllocate(order, out int page) && !TryGrowFor(order, out page))
        {
            address = PhysicalAddress.None;
            return false;
        }
        _owners[page] = owner;
        owner.Add(1 << order);
        address = _memory.Base + ((long)page << LuoAbi.PageShift);
        _memory.GetSpan(address, LuoAbi.PageSize << order).Clear();
        return true;
    }

    /// <summary>Makes reserved pages a block of an owner, as they are.</summary>
    public void TakeOver(int page, int order, PageOwner owner)
    {
        _pages.TakeOver(page, order);
        _owners[page] = owner;
        owner.Add(1L << order);
    }

    /// <summary>Whether an allocated block starts at the address.</summary>
    public bool IsAllocated(PhysicalAddress address, out int page, out int order)
    {
        order = 0;
        return TryGetPage(address, out page) && _pages.IsAllocated(page, out order);
    }

    /// <summary>Gives a block back.</summary>
    public void Free(int page, int order)
    {
        _pages.Return(page);
        _owners[page]!.Add(-(1L << order));
        _owners[page] = null;
    }

    private bool TryGrowFor(int order, out int page)
    {
        page = 0;
        do
        {
            int before = PageCount;
            if (!_memory.TryGrow(out LiveUpdateError error))
            {
                Shortage = error;
                return false;
            }

            _pages.Release(before, PageCount - before);
        }
        while (!_pages.TryAllocate(order, out page));
        return true;
    }

    private bool TryGetPage(PhysicalAddress address, out int page)
    {
        ulong offset = address.Value - _memory.Base.Value;
        page = (int)(offset >> LuoAbi.PageShift);
        return offset < (ulong)_memory.Length && (offset & (LuoAbi.PageSize - 1)) == 0;
    }
}
