namespace LiveUpdate.Agent;

/// <summary>The free records of a table: those given back, the last one first, then those that were never used. Safe for threads.</summary>
/// <param name="capacity">The records of the table.</param>
/// <param name="structure">What they are, for the refusal.</param>
internal sealed class LedgerPool(int capacity, string structure)
{
    private readonly Lock _lock = new();
    private int[] _free = [];
    private int _freeCount;
    private int _used;

    /// <summary>How many records are in use.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _used - _freeCount;
        }
    }

    /// <summary>Takes a record.</summary>
    /// <param name="mark">Where the header says how many were ever used: told before a record is written behind it.</param>
    /// <exception cref="LiveUpdateException">ENOSPC: all are in use.</exception>
    public int Take(ref uint mark)
    {
        lock (_lock)
        {
            if (_freeCount > 0)
                return _free[--_freeCount];
            if (_used == capacity)
            {
                throw new LiveUpdateException(
                    LiveUpdateError.NoSpace, $"The agent has room for {capacity} {structure}s, and all are in use.");
            }

            Volatile.Write(ref mark, (uint)_used + 1);
            return _used++;
        }
    }

    /// <summary>Gives a record back, whose state says so already.</summary>
    public void Return(int index)
    {
        lock (_lock)
            ReturnUnsynchronized(index);
    }

    /// <summary>Takes over what an earlier process had.</summary>
    /// <param name="used">How many were ever used.</param>
    /// <param name="isFree">Whether one of them is free now.</param>
    public void Restore(int used, Func<int, bool> isFree)
    {
        lock (_lock)
        {
            _used = used;
            for (int index = used - 1; index >= 0; index--)
            {
                if (isFree(index))
                    ReturnUnsynchronized(index);
            }
        }
    }

    private void ReturnUnsynchronized(int index)
    {
        if (_freeCount == _free.Length)
            Array.Resize(ref _free, Math.Max(16, 2 * _free.Length));
        _free[_freeCount++] = index;
    }
}
