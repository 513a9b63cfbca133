using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>A session that the agent holds for a user: open, with a connection, or parked.</summary>
/// <remarks>What changes is guarded by the one connection that it has, and by the registry while it has none.</remarks>
[SupportedOSPlatform("linux")]
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

    /// <summary>The number of its connection's record; -1 while it is parked.</summary>
    public int Connection { get; set; } = -1;

    /// <summary>The session itself, while it has a connection; null while it is parked.</summary>
    public Session? Session { get; set; }

    /// <summary>Whether it is finished.</summary>
    public bool IsFinished { get; set; }

    /// <summary>The numbers of its files' records, in the order in which they were preserved; none once it is finished.</summary>
    public List<int> Files { get; } = [];

    /// <summary>Their size in bytes when they were preserved.</summary>
    public long Bytes { get; set; }
}
