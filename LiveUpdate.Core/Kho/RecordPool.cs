using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>Small records of one size, many to a preserved page: so that ten thousand files do not take ten thousand pages.</summary>
/// <remarks>
/// <para>
/// A page begins with a <see cref="RecordPoolHeaderSer"/>, and is allocated with its first record and freed with its last. Records are
/// zeroed when they are allocated. Everything takes constant time.
/// </para>
/// <para>Safe for threads. Lock order: the pool's lock, then that of <see cref="KexecHandover"/>.</para>
/// </remarks>
public sealed class RecordPool
{
    private readonly Lock _gate = new();
    private readonly KexecHandover _kho;
    private readonly PageOwner _owner;
    private readonly int _recordSize;
    private readonly ulong _full;

    // A page with room is in the list once; PageState.Listed says whether it is.
    private readonly Dictionary<PhysicalAddress, PageState> _pages = [];
    private readonly Stack<PageState> _withRoom = [];

    /// <summary>Makes an empty pool.</summary>
    /// <param name="kho">The generation that the records belong to.</param>
    /// <param name="recordSize">The size of a record in bytes, 1 to 4032; slots are multiples of 8.</param>
    /// <param name="owner">Who holds the pages in the account.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="recordSize"/> is out of range.</exception>
    public RecordPool(KexecHandover kho, int recordSize, PageOwner owner)
    {
        ArgumentNullException.ThrowIfNull(kho);
        ArgumentNullException.ThrowIfNull(owner);
        CheckRecordSize(recordSize);
        _kho = kho;
        _owner = owner;
        _recordSize = recordSize;
        _full = AllSlots(recordSize);
    }

    /// <summary>Takes a zeroed record.</summary>
    /// <returns>Its address, aligned to 8 bytes; its bytes are <see cref="KexecHandover.GetSpan"/> of it.</returns>
    /// <exception cref="LiveUpdateException">No memory (ENOMEM).</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public PhysicalAddress Allocate()
    {
        lock (_gate)
        {
            PageState page = PageWithRoomUnsynchronized();
            int slot = BitOperations.TrailingZeroCount(~page.Used);
            page.Used |= 1UL << slot;
            if (page.Used == _full)
            {
                _withRoom.Pop();
                page.Listed = false;
            }
            WriteHeader(page);
            PhysicalAddress record = page.Address + (RecordPoolHeaderSer.HeaderSize + (slot * SlotSize(_recordSize)));
            _kho.GetSpan(record, SlotSize(_recordSize)).Clear();
            return record;
        }
    }

    /// <summary>Gives a record back.</summary>
    /// <param name="record">What <see cref="Allocate"/> returned.</param>
    /// <exception cref="ArgumentException">Not a record of this pool that is in use.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void Free(PhysicalAddress record)
    {
        lock (_gate)
        {
            PhysicalAddress address = PageOf(record);
            if (!TryGetSlot(record, _recordSize, _full, out int slot) || !_pages.TryGetValue(address, out PageState? page) ||
                (page.Used >> slot & 1) == 0)
                throw new ArgumentException($"{record} is not a record of this pool that is in use.", nameof(record));
            ulong used = page.Used & ~(1UL << slot);
            if (used == 0)
            {
                _kho.FreePreserved(address);
                _pages.Remove(address);
                page.Used = 0;
                return;
            }
            page.Used = used;
            WriteHeader(page);
            if (!page.Listed)
            {
                page.Listed = true;
                _withRoom.Push(page);
            }
        }
    }

    /// <summary>The bytes of a record that a predecessor's pool holds.</summary>
    /// <param name="kho">The generation that received it.</param>
    /// <param name="record">The address of the record.</param>
    /// <param name="recordSize">The size that its records must have, in bytes.</param>
    /// <param name="structure">What the record is, for messages.</param>
    /// <returns>The memory itself: copy it once, then check and use the copy.</returns>
    /// <exception cref="LiveUpdateImageException">Not a record in use, of a pool of that size, in preserved memory (EINVAL).</exception>
    /// <exception cref="ArgumentNullException"><paramref name="kho"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="recordSize"/> is out of range.</exception>
    [MethodImpl(WithinPause.Compiled)]
    public static ReadOnlySpan<byte> ReadIncoming(KexecHandover kho, PhysicalAddress record, int recordSize, string structure)
    {
        ArgumentNullException.ThrowIfNull(kho);
        CheckRecordSize(recordSize);
        PhysicalAddress page = PageOf(record);
        ulong all = AllSlots(recordSize);
        if (!TryGetSlot(record, recordSize, all, out int slot))
            throw Bad(structure, record, "the address of a slot in a page of records", record.ToString());
        ReadOnlySpan<byte> bytes = kho.GetIncomingSpan(page, LuoAbi.PageSize, structure);
        ref readonly RecordPoolHeaderSer mapped = ref MemoryMarshal.AsRef<RecordPoolHeaderSer>(bytes);
        (ulong magic, uint size, ulong used) = (mapped.Magic, mapped.RecordSize, Volatile.Read(in mapped.Used));
        if (magic != RecordPoolHeaderSer.MagicValue || size != (uint)recordSize || (used & ~all) != 0 || (used >> slot & 1) == 0)
            throw BadPage(structure, record, new RecordPoolHeaderSer { Magic = magic, RecordSize = size, Used = used }, recordSize);
        return bytes.Slice((int)(record.Value - page.Value), recordSize);
    }

    /// <summary>Gives up a record of a predecessor's pool, after the commit; with the last one the page is restored and freed.</summary>
    /// <param name="kho">The generation that received it.</param>
    /// <param name="record">The address of the record, checked before with <see cref="ReadIncoming"/>.</param>
    /// <param name="recordSize">The size of its records, in bytes.</param>
    /// <exception cref="LiveUpdateImageException">Not a record in use, of a pool of that size, in preserved memory (EINVAL).</exception>
    /// <exception cref="ArgumentNullException"><paramref name="kho"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="recordSize"/> is out of range.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public static void ReleaseIncoming(KexecHandover kho, PhysicalAddress record, int recordSize)
    {
        ReadIncoming(kho, record, recordSize, "record");
        kho.ThrowIfNotActive();
        TryGetSlot(record, recordSize, AllSlots(recordSize), out int slot);
        PhysicalAddress page = PageOf(record);
        // The page belongs to this generation alone since Activate, and records of one page may be released by several threads.
        Span<byte> field = kho.GetSpan(page + RecordPoolHeaderSer.UsedOffset, sizeof(ulong));
        ref ulong used = ref Unsafe.As<byte, ulong>(ref MemoryMarshal.GetReference(field));
        ulong before = Interlocked.And(ref used, ~(1UL << slot));
        if (before == 1UL << slot)
            kho.TryRestoreAndFree(page);
    }

    // Apart from its caller, which is called once a file within the pause: room for texts is cleared at every call of a method that has it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static LiveUpdateImageException BadPage(string structure, PhysicalAddress record, RecordPoolHeaderSer header, int recordSize)
    {
        PhysicalAddress page = PageOf(record);
        ulong all = AllSlots(recordSize);
        if (header.Magic != RecordPoolHeaderSer.MagicValue)
            return Bad(structure, page, $"the magic number 0x{RecordPoolHeaderSer.MagicValue:x}", $"0x{header.Magic:x}");
        if (header.RecordSize != (uint)recordSize)
            return Bad(structure, page, $"records of {recordSize} bytes", $"{header.RecordSize} bytes");
        if ((header.Used & ~all) != 0)
            return Bad(structure, page, $"bits of {BitOperations.PopCount(all)} slots", $"0x{header.Used:x}");
        return Bad(structure, record, "a record in use", "a free one");
    }

    private static int SlotSize(int recordSize) => (recordSize + 7) & ~7;

    private static ulong AllSlots(int recordSize)
    {
        int slots = Math.Min(64, (LuoAbi.PageSize - RecordPoolHeaderSer.HeaderSize) / SlotSize(recordSize));
        return ulong.MaxValue >> (64 - slots);
    }

    private static PhysicalAddress PageOf(PhysicalAddress record) => new(record.Value & ~(ulong)(LuoAbi.PageSize - 1));

    private static bool TryGetSlot(PhysicalAddress record, int recordSize, ulong all, out int slot)
    {
        int offset = (int)(record.Value & (LuoAbi.PageSize - 1)) - RecordPoolHeaderSer.HeaderSize;
        (slot, int rest) = Math.DivRem(offset, SlotSize(recordSize));
        return offset >= 0 && rest == 0 && slot < 64 && (all >> slot & 1) != 0;
    }

    private static void CheckRecordSize(int recordSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(recordSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(recordSize, LuoAbi.PageSize - RecordPoolHeaderSer.HeaderSize);
    }

    private static LiveUpdateImageException Bad(string structure, PhysicalAddress address, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, structure, address, 0, expected, found);

    private PageState PageWithRoomUnsynchronized()
    {
        // Pages that were freed while they were listed are passed over here, each once.
        while (_withRoom.TryPeek(out PageState? page))
        {
            if (page.Used != 0)
                return page;
            _withRoom.Pop();
        }
        var added = new PageState(_kho.AllocatePreserved(LuoAbi.PageSize, _owner)) { Listed = true };
        _pages.Add(added.Address, added);
        _withRoom.Push(added);
        return added;
    }

    private void WriteHeader(PageState page)
    {
        var header = new RecordPoolHeaderSer
        {
            Magic = RecordPoolHeaderSer.MagicValue,
            RecordSize = (uint)_recordSize,
            Used = page.Used,
        };
        MemoryMarshal.Write(_kho.GetSpan(page.Address, RecordPoolHeaderSer.HeaderSize), in header);
    }

    private sealed class PageState(PhysicalAddress address)
    {
        public PhysicalAddress Address { get; } = address;

        public ulong Used { get; set; }

        public bool Listed { get; set; }
    }
}
