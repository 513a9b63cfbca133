using System.Diagnostics.CodeAnalysis;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>
/// One generation's view of a <see cref="KhoMemory"/>: what came from the predecessor, and what goes to the successor (reference, part 1:
/// Kexec HandOver).
/// </summary>
/// <remarks>
/// <para>The life of a generation:</para>
/// <list type="number">
/// <item>
/// <see cref="Attach"/> reads what the predecessor wrote and checks it. Nothing is written: the predecessor may still call the hand-over
/// off and go on. A damaged image is an exception, never an empty start (unlike reference A-64).
/// </item>
/// <item>
/// <see cref="Activate"/> comes after the commit. The boot record is consumed, what the predecessor had in use but did not preserve is
/// overwritten with 0x6b and all that was not preserved becomes free. The generation before it on the same <see cref="KhoMemory"/> is over.
/// </item>
/// <item>Preserved blocks are restored (taken over, once) and freed; new ones are allocated, preserved and freed.</item>
/// <item>
/// <see cref="WriteHandover"/> writes the device tree and the boot record into pages reserved before: it cannot fail. From then on the
/// memory is fixed, and allocating or freeing throws, until <see cref="ClearHandover"/> (the hand-over was called off) or the end of this
/// generation.
/// </item>
/// </list>
/// <para>
/// Safe for threads. One lock guards the books; it is a leaf: no callback and no other lock is taken under it. Spans are not guarded: who
/// owns a block decides who writes it.
/// </para>
/// </remarks>
public sealed partial class KexecHandover : IIncomingMemory, IDisposable
{
    /// <summary>The byte that overwrites what was in use and not preserved.</summary>
    public const byte Poison = 0x6B;

    // Boot record, device tree and the root of the map, and one page to work with.
    private const int MinPages = 4;

    /// <summary>How many bytes of memory a generation needs at least.</summary>
    internal const long MinLength = MinPages * LuoAbi.PageSize;

    private readonly Lock _gate = new();
    private readonly KhoMemoryLease _lease;
    private readonly KhoBooks _books;
    private readonly PageOwner _treeOwner = new("preserved-memory map");
    private readonly PageOwner _deviceTreeOwner = new("device tree");
    private readonly PagePool _pool;
    private readonly PreservedPageTree _tree;
    private KhoRootTree? _incomingTree;
    private IncomingPageMap? _incoming;
    private int _incomingUsedPages;
    private KhoRootTree _outgoingTree = new(PhysicalAddress.None);
    private PhysicalAddress _deviceTree;
    private volatile State _state;

    private KexecHandover(KhoMemory memory, KhoBooks books, KhoMemoryLease lease)
    {
        Memory = memory;
        _lease = lease;
        _books = books;
        _pool = books.Pool;
        _tree = new PreservedPageTree(memory, _pool, _treeOwner);
    }

    private enum State
    {
        Attached,
        Active,
        Written,
        Over,
    }

    /// <summary>The memory.</summary>
    public KhoMemory Memory { get; }

    /// <summary>Whether a predecessor handed anything over; false after a cold start.</summary>
    public bool HasIncoming => _incomingTree is not null;

    /// <summary>Whether <see cref="Activate"/> was called and this generation is not over.</summary>
    public bool IsActive => _state is State.Active or State.Written;

    /// <summary>Whether a hand-over is written, so that the memory is fixed.</summary>
    public bool IsHandoverWritten => _state == State.Written;

    /// <summary>Whether this generation is over: disposed, or another one was activated on its memory.</summary>
    public bool IsOver => _state == State.Over;

    /// <summary>Reads what the predecessor handed over. Writes nothing into the memory.</summary>
    /// <param name="memory">The memory; it stays the caller's, and stays mapped while this generation is not disposed.</param>
    /// <returns>The generation, to be activated after the commit. A cold start where the first page of the memory is all zero.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="memory"/> is null.</exception>
    /// <exception cref="ArgumentException">The memory is smaller than 4 pages, or is a <see cref="SparseMemory"/>.</exception>
    /// <exception cref="LiveUpdateImageException">Boot record, device tree or preserved-memory map is damaged (EINVAL).</exception>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    public static KexecHandover Attach(KhoMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        KexecHandover kho = Prepare(memory);
        try
        {
            kho.Read();
            return kho;
        }
        catch
        {
            kho.Dispose();
            throw;
        }
    }

    /// <summary>Makes the generation without looking into the memory, which may still change.</summary>
    /// <inheritdoc cref="Attach"/>
    internal static KexecHandover Prepare(KhoMemory memory)
    {
        if (!memory.IsContiguous)
            throw new ArgumentException("A generation needs memory that is one stretch.", nameof(memory));
        if (memory.Length < MinLength)
            throw new ArgumentException($"A generation needs at least {MinPages} pages of memory.", nameof(memory));
        KhoMemoryLease lease = memory.Lease();
        try
        {
            return new KexecHandover(memory, new KhoBooks(memory), lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Reads what the predecessor handed over, once; writes nothing into the memory.</summary>
    /// <exception cref="LiveUpdateImageException">Boot record, device tree or preserved-memory map is damaged (EINVAL).</exception>
    internal void Read()
    {
        if (!BootRecord.TryRead(Memory, out KhoBootRecordSer record))
            return;
        var deviceTree = new PhysicalAddress(record.Setup.FdtAddress);
        _incomingTree = KhoRootTree.Read(CopyDeviceTree(Memory, in record), deviceTree);
        _incoming = IncomingPageMap.Read(Memory, _books.Incoming, _incomingTree.PreservedMemoryMap, deviceTree);
        _incomingUsedPages = (int)record.UsedPages;
    }

    /// <summary>Has the pages of this generation's books there before they are needed.</summary>
    internal void Touch() => _books.Touch();

    /// <summary>
    /// Makes this the generation that owns the memory: after the commit. Cannot fail for want of memory, because the pages of the
    /// predecessor's device tree and map are free now.
    /// </summary>
    /// <remarks>Time in proportion to the pages that were ever in use.</remarks>
    /// <exception cref="InvalidOperationException">It is active already.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void Activate()
    {
        lock (_gate)
            ThrowIfNotAttachedUnsynchronized();
        // The one before must be over before its pages are given away; its lock is not taken under this one's.
        Memory.Activate(this);
        lock (_gate)
        {
            ThrowIfNotAttachedUnsynchronized();
            BootRecord.Clear(Memory);
            ReleasePagesUnsynchronized();
            // Attach made sure that the predecessor's device tree and root page are two pages of their own that were not preserved.
            _pool.TryAllocate(0, _deviceTreeOwner, out _deviceTree);
            _tree.TryCreateRoot();
            _outgoingTree = new KhoRootTree(_tree.Root);
            _state = State.Active;
        }
    }

    /// <summary>
    /// Writes the device tree and the boot record: from here on the memory tells the next generation everything. Does not fail and
    /// allocates nothing in the memory. Calling it again changes nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">Not active.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void WriteHandover()
    {
        lock (_gate)
        {
            if (_state == State.Written)
                return;
            ThrowIfNotActiveUnsynchronized();
            int size = _outgoingTree.Write(Memory.GetSpan(_deviceTree, LuoAbi.PageSize));
            BootRecord.Write(Memory, _deviceTree, size, _pool.UsedPages);
            _state = State.Written;
        }
    }

    /// <summary>Undoes <see cref="WriteHandover"/>: the hand-over was called off, and this generation goes on.</summary>
    /// <exception cref="InvalidOperationException">Not active.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public void ClearHandover()
    {
        lock (_gate)
        {
            if (_state == State.Written)
            {
                BootRecord.Clear(Memory);
                _state = State.Active;
            }
            ThrowIfNotActiveUnsynchronized();
        }
    }

    /// <inheritdoc cref="KhoMemory.GetSpan"/>
    public Span<byte> GetSpan(PhysicalAddress address, int length) => Memory.GetSpan(address, length);

    /// <summary>Takes a snapshot of the account: who holds which pages. Time in proportion to the pages of the memory.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Activate"/> was not called yet.</exception>
    /// <exception cref="ObjectDisposedException">This generation is over.</exception>
    public KhoAccount GetAccount()
    {
        lock (_gate)
        {
            ThrowIfOverUnsynchronized();
            if (_state == State.Attached)
                throw NotActive();
            var owners = new HashSet<PageOwner>();
            foreach (PageOwner? owner in _pool.Owners)
            {
                if (owner is not null && owner != _treeOwner && owner != _deviceTreeOwner)
                    owners.Add(owner);
            }
            return new KhoAccount
            {
                TotalPages = _pool.PageCount,
                FreePages = _pool.FreePages,
                ReservedPages = 1 + _deviceTreeOwner.Pages,
                TreePages = _treeOwner.Pages,
                Owners = [.. owners.OrderBy(owner => owner.Name, StringComparer.Ordinal)
                    .Select(owner => new KhoOwnerAccount(owner.Name, owner.Pages))],
                Unrestored = _incoming?.ListUnrestored() ?? [],
            };
        }
    }

    /// <summary>Ends this generation's view; the memory stays as it is, a hand-over that was written included. Idempotent.</summary>
    public void Dispose() => End();

    /// <summary>Another generation was activated on the memory, or this one was disposed.</summary>
    internal void End()
    {
        lock (_gate)
            _state = State.Over;
        _lease.Dispose();
    }

    private static byte[] CopyDeviceTree(KhoMemory memory, in KhoBootRecordSer record)
    {
        var address = new PhysicalAddress(record.Setup.FdtAddress);
        ulong size = record.Setup.FdtSize;
        if (size is 0 or > KhoAbi.MaxFdtSize)
            throw BadBootRecord(memory, 40, $"a device tree of 1 to {KhoAbi.MaxFdtSize} bytes", $"{size} bytes");
        if (!address.IsAligned(LuoAbi.PageSize) || address == memory.Base ||
            !memory.TryGetSpan(address, LuoAbi.PageSize, out Span<byte> page))
            throw BadBootRecord(memory, 32, "the address of a page of the region behind this one", address.ToString());
        return page[..(int)size].ToArray();
    }

    private static LiveUpdateImageException BadBootRecord(KhoMemory memory, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, "boot record", memory.Base, offset, expected, found);

    // From the highest page down, so that the lowest pages are allocated first and UsedPages stays small.
    private void ReleasePagesUnsynchronized()
    {
        _pool.UsedPages = Math.Max(1, _incomingUsedPages);
        int end = _pool.PageCount;
        while (end > 1)
        {
            int start = Math.Max(1, (_incoming?.LastBelow(end) ?? -1) + 1);
            PoisonPages(start, Math.Min(end, _incomingUsedPages));
            _pool.Release(start, end - start);
            end = start - 1;
        }
    }

    private void PoisonPages(int start, int end)
    {
        const int MostPages = 1 << 16;
        for (; start < end; start += MostPages)
        {
            int length = Math.Min(end - start, MostPages) << LuoAbi.PageShift;
            Memory.GetSpan(Memory.Base + ((long)start << LuoAbi.PageShift), length).Fill(Poison);
        }
    }

    private void ThrowIfNotActiveUnsynchronized()
    {
        if (_state == State.Active)
            return;
        ThrowNotActiveUnsynchronized();
    }

    [DoesNotReturn]
    private void ThrowNotActiveUnsynchronized()
    {
        ThrowIfOverUnsynchronized();
        throw NotActive();
    }

    private void ThrowIfNotAttachedUnsynchronized()
    {
        ThrowIfOverUnsynchronized();
        if (_state != State.Attached)
            throw new InvalidOperationException("The generation is active already.");
    }

    private void ThrowIfOverUnsynchronized()
    {
        if (_state == State.Over)
            throw new ObjectDisposedException(nameof(KexecHandover), "This generation is over.");
    }

    private InvalidOperationException NotActive() => new(
        _state == State.Written
            ? "A hand-over is written: the memory is fixed until it is called off."
            : "The generation is not active: what it has can only be read before the commit.");
}
