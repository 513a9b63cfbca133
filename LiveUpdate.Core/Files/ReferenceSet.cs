using System.Numerics;
using System.Runtime.CompilerServices;

namespace LiveUpdate;

/// <summary>
/// Objects by reference with the number of their owners, sixteen bytes a slot: less than the base library's set takes (one entry a preserved
/// or retrieved object).
/// </summary>
/// <remarks>
/// <para>Open addressing with linear probing; a removal closes the gap, so that no tombstones pile up. The hash lies beside its object and its
/// high bits are the home slot: growing reads one array from end to end and writes the other so, and looks at no object, of which each would
/// be a cache miss.</para>
/// <para>Not safe for threads.</para>
/// </remarks>
internal sealed class ReferenceSet
{
    private const int InitialCapacity = 16;
    private const int MostPending = 64;

    private readonly Slot[] _pending = new Slot[MostPending];
    private Slot[] _slots = new Slot[InitialCapacity];
    private int _shift = 32 - BitOperations.Log2(InitialCapacity);
    private int _count;
    private int _pendingCount;
    private uint _touched;

    /// <summary>How many objects there are.</summary>
    public int Count
    {
        get
        {
            Settle();
            return _count;
        }
    }

    /// <summary>Adds an object with one owner; false if it is there already.</summary>
    /// <exception cref="OutOfMemoryException">There is none; the set is as before.</exception>
    public bool TryAdd(object item)
    {
        Settle();
        Reserve(1);
        var added = new Slot(item);
        ref Slot slot = ref _slots[Find(added)];
        if (slot.Owners != 0)
            return false;
        slot = added;
        _count++;
        return true;
    }

    /// <summary>Adds an object, or an owner to one that is there already.</summary>
    /// <remarks>
    /// Nobody waits for the answer, so it is put off until somebody asks, or until there are enough to let their cache misses overlap: among
    /// a million objects that is the difference between the latency of memory and its throughput.
    /// </remarks>
    /// <exception cref="OutOfMemoryException">There is none; the set is as before.</exception>
    public void AddOwner(object item)
    {
        Reserve(_pendingCount + 1);
        _pending[_pendingCount++] = new Slot(item);
        if (_pendingCount == MostPending)
            Settle();
    }

    /// <summary>Takes an owner of an object away, and with its last one the object; false if it is not there.</summary>
    public bool Remove(object item)
    {
        Settle();
        int slot = Find(new Slot(item));
        if (_slots[slot].Owners == 0)
            return false;
        if (--_slots[slot].Owners == 0)
        {
            _count--;
            CloseGap(slot);
        }

        return true;
    }

    /// <summary>Does what was put off.</summary>
    private void Settle()
    {
        if (_pendingCount != 0)
            SettlePending();
    }

    private void SettlePending()
    {
        Span<Slot> pending = _pending.AsSpan(0, _pendingCount);

        // A read of every home slot first: no branch waits for one, so the misses overlap.
        uint touched = 0;
        foreach (ref readonly Slot added in pending)
            touched += _slots[added.Hash >> _shift].Hash;
        _touched = touched;
        foreach (ref readonly Slot added in pending)
        {
            ref Slot slot = ref _slots[Find(added)];
            if (slot.Owners++ == 0)
            {
                slot = added;
                _count++;
            }
        }

        pending.Clear();
        _pendingCount = 0;
    }

    /// <summary>The slot of an object, or the free one where it belongs.</summary>
    private int Find(in Slot wanted)
    {
        Slot[] slots = _slots;
        for (int slot = (int)(wanted.Hash >> _shift); ; slot = (slot + 1) & (slots.Length - 1))
        {
            if (slots[slot].Owners == 0 || ReferenceEquals(slots[slot].Item, wanted.Item))
                return slot;
        }
    }

    /// <summary>Moves back each follower of the run that the gap would cut off from its home slot.</summary>
    private void CloseGap(int gap)
    {
        Slot[] slots = _slots;
        int mask = slots.Length - 1;
        int slot = gap;
        while (slots[slot = (slot + 1) & mask].Owners != 0)
        {
            int home = (int)(slots[slot].Hash >> _shift);
            if (((slot - home) & mask) < ((slot - gap) & mask))
                continue;
            slots[gap] = slots[slot];
            gap = slot;
        }

        slots[gap] = default;
    }

    private void Reserve(int more)
    {
        if (4L * (_count + more) > 3L * _slots.Length)
            Grow();
    }

    private void Grow()
    {
        Slot[] old = _slots;
        var slots = new Slot[checked(old.Length * 2)];
        int shift = _shift - 1;
        foreach (ref readonly Slot entry in old.AsSpan())
        {
            if (entry.Owners == 0)
                continue;
            int slot = (int)(entry.Hash >> shift);
            while (slots[slot].Owners != 0)
                slot = (slot + 1) & (slots.Length - 1);
            slots[slot] = entry;
        }

        (_slots, _shift) = (slots, shift);
    }

    private struct Slot(object item)
    {
        public readonly object? Item = item;
        public readonly uint Hash = (uint)RuntimeHelpers.GetHashCode(item) * 2654435769u;
        public int Owners = 1;
    }
}
