namespace LiveUpdate.Agent;

/// <summary>A session that the agent holds for a user: open, with a connection, or parked.</summary>
/// <remarks>What changes is guarded by the one connection that it has, and by the registry while it has none.</remarks>
internal sealed class HeldSession(SessionName name, bool isIncoming, UserAccount owner, int index)
{
    /// <summary>The name, unique on its side.</summary>
    public SessionName Name => name;

    /// <summary>Whether it came from the previous generation.</summary>
    public bool IsIncoming => isIncoming;

    /// <summary>Whose it is.</summary>
    public UserAccount Owner => owner;

    /// <summary>The number of its record in the ledger.</summary>
    public int Index => index;

    /// <summary>The session itself, while it has a connection; null while it is parked.</summary>
    public Session? Session { get; set; }

    /// <summary>Whether it is finished.</summary>
    public bool IsFinished { get; set; }

    /// <summary>The files that were preserved in it.</summary>
    public int Files { get; set; }

    /// <summary>Their size in bytes when they were preserved.</summary>
    public long Bytes { get; set; }
}
