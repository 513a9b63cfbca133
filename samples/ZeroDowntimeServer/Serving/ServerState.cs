namespace ZeroDowntimeServer.Serving;

/// <summary>What is the same for all connections, and goes on in every generation.</summary>
internal sealed class ServerState
{
    private ulong _requests;

    /// <summary>How many requests have been answered since the first generation.</summary>
    public ulong Requests
    {
        get => Volatile.Read(ref _requests);
        init => _requests = value;
    }

    /// <summary>How many connections there have been.</summary>
    public ulong Connections { get; set; }

    /// <summary>When this generation came to rest for an update; the clock is that of the whole system.</summary>
    public long RestedAt { get; set; }

    /// <summary>Counts a request.</summary>
    public ulong CountRequest() => Interlocked.Increment(ref _requests);
}
