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

    /// <summary>Finds an incoming session.</summary>
    public bool TryFindIncoming(SessionName name, [NotNullWhen(true)] out HeldSession? session)
    {
        lock (_lock)
            return _incoming.TryGetValue(name, out session);
    }

    /// <summary>Finds a session of either side, an outgoing one before an incoming one.</summary>
    public HeldSession? Find(SessionName name)
    {
        lock (_lock)
            return _outgoing.GetValueOrDefault(name) ?? _incoming.GetValueOrDefault(name);
    }

    /// <summary>Adds a session; the device sees to it that names are unique.</summary>
    public void Add(HeldSession session)
    {
        lock (_lock)
            (session.IsIncoming ? _incoming : _outgoing)[session.Name] = session;
    }

    /// <summary>Takes a session out, if it is still the one of that name.</summary>
    public void Remove(HeldSession session)
    {
        lock (_lock)
        {
            Dictionary<SessionName, HeldSession> side = session.IsIncoming ? _incoming : _outgoing;
            if (side.TryGetValue(session.Name, out HeldSession? found) && found == session)
                side.Remove(session.Name);
        }
    }
}
