using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The descriptors that travel to the next generation beside preserved memory, each under the number of its slot.
/// </summary>
/// <remarks>
/// A handler adds the descriptor when a file is preserved and hands the slot's number over; the handler of the next generation takes it.
/// The table lies in preserved memory (<see cref="DescriptorSlotSer"/>); the descriptors themselves are carried by the hand-over. Safe for threads.
/// </remarks>
public sealed partial class DescriptorSlots
{
    private readonly Lock _lock = new();
    private readonly KexecHandover _memory;
    private readonly PageOwner _owner = new("descriptor slots");
    private readonly List<SafeHandle?> _outgoing = [];
    private readonly Stack<int> _free = new();
    private SafeFileHandle?[] _incoming = [];
    private int _incomingCount;
    private BlockSet? _blocks;
    private IDescriptorMirror? _mirror;

    internal DescriptorSlots(KexecHandover memory) => _memory = memory;

    /// <summary>How many descriptors are to travel.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _outgoing.Count - _free.Count;
        }
    }

    /// <summary>How many slots there are, the free ones included.</summary>
    internal int SlotCount
    {
        get
        {
            lock (_lock)
                return _outgoing.Count;
        }
    }

    /// <summary>How many of the descriptors that arrived nobody has taken or released.</summary>
    public int IncomingCount
    {
        get
        {
            lock (_lock)
                return _incomingCount;
        }
    }

    /// <summary>Adds a descriptor to those that travel. The caller's handle is held and no duplicate is made.</summary>
    /// <param name="handle">The descriptor; held until <see cref="Remove"/> or the hand-over.</param>
    /// <returns>The number of the slot, 0 or more.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="handle"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOMEM or ENOSPC: no room in preserved memory. EBADF: not an open descriptor. EOPNOTSUPP, across a kernel: outside of a file's
    /// <c>Preserve</c>, or a second one for the same file, since the file's token is what names it to the kernel.
    /// </exception>
    public int Add(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        ThrowIfNotCarried();
        bool held = false;
        handle.DangerousAddRef(ref held);
        try
        {
            (ulong device, ulong inode) = OperatingSystem.IsLinux() ? DescriptorInfo.Identify(handle) : default;
            lock (_lock)
            {
                int slot = _free.Count > 0 ? _free.Peek() : _outgoing.Count;
                _blocks ??= new BlockSet(_memory, DescriptorSlotSer.Size, _owner);
                _blocks.EnsureCapacity(slot + 1L);
                _free.EnsureCapacity(_outgoing.Count + 1);
                Write(slot, new DescriptorSlotSer
                {
                    Descriptor = (int)handle.DangerousGetHandle(),
                    State = DescriptorSlotSer.InUse,
                    Device = device,
                    Inode = inode,
                });
                if (slot == _outgoing.Count)
                {
                    _outgoing.Add(handle);
                }
                else
                {
                    _free.Pop();
                    _outgoing[slot] = handle;
                }

                _mirror?.Added(slot, handle);
                NoteAdded(slot);
                return slot;
            }
        }
        catch
        {
            handle.DangerousRelease();
            throw;
        }
    }

    /// <summary>Takes a descriptor out of those that travel, and lets the caller's handle go.</summary>
    /// <param name="slot">What <see cref="Add"/> returned.</param>
    /// <exception cref="ArgumentOutOfRangeException">No descriptor is in this slot.</exception>
    public void Remove(int slot)
    {
        SafeHandle handle;
        lock (_lock)
        {
            if ((uint)slot >= (uint)_outgoing.Count || _outgoing[slot] is null)
                throw new ArgumentOutOfRangeException(nameof(slot), slot, "No descriptor is in this slot.");
            handle = _outgoing[slot]!;
            _outgoing[slot] = null;
            Write(slot, default);
            _free.Push(slot);
            _mirror?.Removed(slot);
            NoteRemoved(slot);
            if (_free.Count == _outgoing.Count)
            {
                _outgoing.Clear();
                _free.Clear();
                _blocks!.Dispose();
                _blocks = null;
            }
        }

        handle.DangerousRelease();
    }

    /// <summary>Takes a descriptor that arrived; the caller owns it from here on.</summary>
    /// <param name="slot">The number that was handed over.</param>
    /// <exception cref="LiveUpdateException">ENOENT: no descriptor arrived in this slot, or it was taken or released.</exception>
    public SafeFileHandle Take(int slot)
    {
        lock (_lock)
        {
            if (!TryPeek(slot, out SafeFileHandle? handle))
                throw new LiveUpdateException(LiveUpdateError.NotFound, $"No descriptor arrived in slot {slot}, or it was taken already.");
            _incoming[slot] = null;
            ForgetCarried(slot);
            _incomingCount--;
            return handle;
        }
    }

    /// <summary>Looks at a descriptor that arrived and stays where it is.</summary>
    /// <param name="slot">The number that was handed over.</param>
    /// <param name="handle">The descriptor; owned by this table.</param>
    /// <returns>False if none arrived in this slot, or it was taken or released.</returns>
    /// <exception cref="LiveUpdateException">Across a kernel: it refuses to give the descriptor out.</exception>
    [MethodImpl(WithinPause.Compiled)]
    public bool TryPeek(int slot, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SafeFileHandle? handle)
    {
        // Asked once a file within the pause: the table is one array, and what is taken from it becomes null.
        SafeFileHandle?[] incoming = _incoming;
        handle = (uint)slot < (uint)incoming.Length ? incoming[slot] : null;
        return handle is not null || TryFetch(slot, out handle);
    }

    /// <summary>Closes a descriptor that arrived and that nobody took; does nothing if somebody did.</summary>
    /// <param name="slot">The number that was handed over.</param>
    public void Release(int slot)
    {
        lock (_lock)
        {
            if (!Contains(slot))
                return;
            _incoming[slot]?.Dispose();
            _incoming[slot] = null;
            ForgetCarried(slot);
            _incomingCount--;
        }
    }

    /// <summary>Completes the table for the hand-over; allocates nothing.</summary>
    /// <returns>The first block, and how many slots there are, the free ones included.</returns>
    internal (PhysicalAddress Head, int Slots) Seal() =>
        _blocks is null ? default : (_blocks.Seal(_outgoing.Count), _outgoing.Count);

    /// <summary>Checks that every descriptor that travels is still the file it was: somebody may have closed its bare number.</summary>
    /// <exception cref="LiveUpdateException">EBADF: one is not.</exception>
    [SupportedOSPlatform("linux")]
    internal void ThrowIfReplaced()
    {
        lock (_lock)
        {
            for (int slot = 0; slot < _outgoing.Count; slot++)
            {
                if (_outgoing[slot] is not { } handle)
                    continue;
                DescriptorSlotSer record = MemoryMarshal.Read<DescriptorSlotSer>(_blocks!.GetEntry(slot));
                if (!DescriptorInfo.IsOpen(handle) || DescriptorInfo.Identify(handle) != (record.Device, record.Inode))
                {
                    throw new LiveUpdateException(
                        LiveUpdateError.BadDescriptor, $"Descriptor {record.Descriptor}, in slot {slot}, is not the file any more that was preserved.");
                }
            }
        }
    }

    /// <summary>
    /// Shows every change to somebody, and first what there is, in the order of the changes: nothing is added or removed in between.
    /// </summary>
    /// <param name="mirror">Must not throw; null to end it.</param>
    internal void SetMirror(IDescriptorMirror? mirror)
    {
        lock (_lock)
        {
            _mirror = mirror;
            mirror?.Begin(_outgoing);
        }
    }

    /// <summary>The numbers of the descriptors that travel now, in no order; one that is in two slots stands there twice.</summary>
    internal int[] ListNumbers()
    {
        lock (_lock)
            return [.. _outgoing.Where(static handle => handle is not null).Select(static handle => (int)handle!.DangerousGetHandle())];
    }

    /// <summary>The handles that travel, by slot; null where a slot is free.</summary>
    internal IReadOnlyList<SafeHandle?> Outgoing => _outgoing;

    /// <summary>Takes the descriptors that arrived, by slot.</summary>
    /// <param name="incoming">The descriptors; null where a slot is free.</param>
    /// <param name="count">How many there are.</param>
    internal void SetIncoming(SafeFileHandle?[] incoming, int count) => (_incoming, _incomingCount) = (incoming, count);

    /// <summary>Closes what arrived and nobody took.</summary>
    /// <returns>How many there were.</returns>
    internal int ReleaseIncoming()
    {
        int count;
        lock (_lock)
        {
            foreach (SafeFileHandle? handle in _incoming)
                handle?.Dispose();
            count = _incomingCount;
            (_incoming, _carriedIncoming, _incomingCount) = ([], null, 0);
        }

        return count;
    }

    /// <summary>Lets every held handle go, after the hand-over or when the orchestrator ends.</summary>
    internal void ReleaseOutgoing()
    {
        lock (_lock)
        {
            foreach (SafeHandle? handle in _outgoing)
                handle?.DangerousRelease();
            _outgoing.Clear();
            _free.Clear();
        }
    }

    private void Write(int slot, in DescriptorSlotSer record) => MemoryMarshal.Write(_blocks!.GetEntry(slot), record);
}
