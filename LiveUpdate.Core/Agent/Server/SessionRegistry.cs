using System.Diagnostics.CodeAnalysis;
using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>The sessions that the agent holds, by name and side. Safe for threads.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SessionRegistry
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SessionName, HeldSession> _outgoing = [];
    private readonly Dictionary<SessionName, HeldSession> _incoming = [];

    /// <summary>All of them, in no order; a snapshot.</summary>
    public IReadOnlyList<HeldSession> All
    {
        get
        {
            lock (_lock)
                return [.. _outgoing.Values, .. _incoming.Values];
        }
    }

    /// <summary>Finds a session of one side.</summary>
    public bool TryFind(SessionName name, bool isIncoming, [NotNullWhen(true)] out HeldSession? session)
    {
        lock (_lock)
            return Side(isIncoming).TryGetValue(name, out session);
    }

    /// <summary>Adds a session; the device sees to it that names are unique.</summary>
    public void Add(HeldSession session)
    {
        lock (_lock)
            Side(session.IsIncoming)[session.Name] = session;
    }

    /// <summary>Takes a session out, if it is still the one of that name.</summary>
    public void Remove(HeldSession session)
    {
        lock (_lock)
        {
            Dictionary<SessionName, HeldSession> side = Side(session.IsIncoming);
            if (side.TryGetValue(session.Name, out HeldSession? found) && found == session)
                side.Remove(session.Name);
        }
    }

    private Dictionary<SessionName, HeldSession> Side(bool isIncoming) => isIncoming ? _incoming : _outgoing;
}
