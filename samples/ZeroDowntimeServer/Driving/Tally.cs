namespace ZeroDowntimeServer.Driving;

/// <summary>What all clients together sent, got and missed.</summary>
internal sealed class Tally
{
    private readonly Lock _lock = new();
    private ulong _counterSum;

    public long Connections { get; private set; }

    public long BytesSent { get; private set; }

    public long BytesEchoed { get; private set; }

    public ulong Replies { get; private set; }

    public ulong HighestCounter { get; private set; }

    public int Broken { get; private set; }

    /// <summary>Why the first connection broke, or what was wrong first.</summary>
    public string? FirstFailure { get; private set; }

    /// <summary>The longest that each of the clients that ask all the time waited for an answer.</summary>
    public Distribution LongestWaits { get; } = new();

    /// <summary>Whether the counters of all replies are 1, 2, 3 … each once: as many as the highest, and of the right sum.</summary>
    public bool IsCounterComplete
    {
        get
        {
            lock (_lock)
                return HighestCounter == Replies && (UInt128)_counterSum == (UInt128)Replies * (Replies + 1) / 2;
        }
    }

    public void Connected()
    {
        lock (_lock)
            Connections++;
    }

    public void Sent(int bytes)
    {
        lock (_lock)
            BytesSent += bytes;
    }

    public void Echoed(int bytes, ulong counter)
    {
        lock (_lock)
        {
            BytesEchoed += bytes;
            Replies++;
            _counterSum += counter;
            HighestCounter = Math.Max(HighestCounter, counter);
        }
    }

    public void Waited(TimeSpan longest)
    {
        lock (_lock)
            LongestWaits.Add(longest);
    }

    public void Failed(string what)
    {
        lock (_lock)
        {
            Broken++;
            FirstFailure ??= what;
        }
    }
}
