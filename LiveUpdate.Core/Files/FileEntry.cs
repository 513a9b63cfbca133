namespace LiveUpdate;

/// <summary>
/// What the orchestrator keeps of one file: 40 bytes, so that a million files are 40 MB.
/// </summary>
internal struct FileEntry
{
    /// <summary>The object; null for an incoming file that has not been retrieved.</summary>
    public object? File;

    /// <summary>Outgoing: the handler's private state. Incoming: what its check before the commit kept.</summary>
    public object? State;

    public ulong Token;

    public ulong Data;

    /// <summary>The number of the handler's registration.</summary>
    public int Handler;

    public FileStatus Status;
}
