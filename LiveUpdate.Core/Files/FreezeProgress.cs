namespace LiveUpdate;

/// <summary>
/// Where a freeze is, so that a watchdog can name the file that hangs, and whether its time is over.
/// </summary>
/// <remarks>
/// Written by the freezing thread and read by a timer. A callback that hangs cannot be aborted: the deadline is looked at between files,
/// and looking is one read of a field, since the timer sets it.
/// </remarks>
internal sealed class FreezeProgress
{
    private volatile bool _expired;
    private volatile string? _session;
    private int _file;

    /// <summary>Whether handlers should ask the kernel about their descriptors.</summary>
    public bool CheckDescriptors { get; set; }

    /// <summary>The session that is being frozen, and the number of the file in it.</summary>
    public (string? Session, int File) Position => (_session, Volatile.Read(ref _file));

    /// <summary>The time is over; the next look throws.</summary>
    public void Expire() => _expired = true;

    /// <summary>Begins a session.</summary>
    public void Begin(string session) => _session = session;

    /// <summary>Begins a file.</summary>
    /// <exception cref="LiveUpdateException">ETIMEDOUT: the time given for the freeze is over.</exception>
    public void At(int file)
    {
        Volatile.Write(ref _file, file);
        ThrowIfExpired();
    }

    /// <summary>Looks whether the time is over; once more behind the last file, which may have been the one that hung.</summary>
    /// <exception cref="LiveUpdateException">ETIMEDOUT: it is.</exception>
    public void ThrowIfExpired()
    {
        if (_expired)
            Refusal.Throw(LiveUpdateError.TimedOut, "freeze", "The time given for the freeze is over.", _session);
    }
}
