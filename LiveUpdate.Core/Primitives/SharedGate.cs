using System.Diagnostics;

namespace LiveUpdate;

/// <summary>
/// A gate that many pass together and one can close for itself (reference C-03): the freeze gate and the registration lock.
/// </summary>
/// <remarks>
/// Closing waits for all who are inside and keeps new ones out. Unlike the locks of the base library it is not tied to a thread:
/// whoever closed it, another thread may open it. Passing an open gate is one interlocked addition each way. Not re-entrant.
/// </remarks>
internal sealed class SharedGate
{
    private const int Closed = int.MinValue;

    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly object _waiters = new();
    private int _state;

    /// <summary>Whether the gate is closed, or somebody waits to close it.</summary>
    public bool IsClosed => Volatile.Read(ref _state) < 0;

    /// <summary>Passes the gate, waiting while it is closed.</summary>
    public void EnterShared()
    {
        while (Interlocked.Increment(ref _state) < 0)
        {
            ExitShared();
            lock (_waiters)
            {
                while (IsClosed)
                    Monitor.Wait(_waiters);
            }
        }
    }

    /// <summary>Leaves the gate.</summary>
    public void ExitShared()
    {
        if (Interlocked.Decrement(ref _state) == Closed)
        {
            lock (_waiters)
                Monitor.PulseAll(_waiters);
        }
    }

    /// <summary>Closes the gate and waits until all who passed it have left.</summary>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Calls the waiting off; the gate is then open again.</param>
    /// <returns>False when the time ran out; the gate is then open again.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public bool TryEnterExclusive(TimeSpan timeout, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        using CancellationTokenRegistration wakeUp = cancellationToken.UnsafeRegister(static gate => ((SharedGate)gate!).PulseAll(), this);
        lock (_waiters)
        {
            while (IsClosed)
            {
                if (!Wait(start, timeout, cancellationToken))
                    return false;
            }

            Interlocked.Add(ref _state, Closed);
            try
            {
                while (Volatile.Read(ref _state) != Closed)
                {
                    if (Wait(start, timeout, cancellationToken))
                        continue;
                    Open();
                    return false;
                }
            }
            catch
            {
                // Cancelled, or the thread was interrupted: a gate that stays closed would stop everybody for ever.
                Open();
                throw;
            }

            return true;
        }
    }

    /// <summary>Closes the gate, waiting as long as it takes.</summary>
    public void EnterExclusive() => TryEnterExclusive(Timeout.InfiniteTimeSpan, CancellationToken.None);

    /// <summary>Opens the gate again.</summary>
    public void ExitExclusive()
    {
        lock (_waiters)
            Open();
    }

    private void Open()
    {
        Interlocked.Add(ref _state, Closed);
        Monitor.PulseAll(_waiters);
    }

    private void PulseAll()
    {
        lock (_waiters)
            Monitor.PulseAll(_waiters);
    }

    private bool Wait(long start, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (timeout == Timeout.InfiniteTimeSpan)
            return Monitor.Wait(_waiters);
        TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
        if (left <= TimeSpan.Zero)
            return false;

        // A wait takes at most int.MaxValue milliseconds; the caller comes back for the rest.
        Monitor.Wait(_waiters, left < s_longestWait ? left : s_longestWait);
        return true;
    }
}
