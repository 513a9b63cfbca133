using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>Roots the open sessions of this process: a collected handle would close the session.</summary>
[SupportedOSPlatform("linux")]
internal static class AgentSessions
{
    private static readonly Lock s_lock = new();
    private static readonly HashSet<AgentSession> s_open = new(ReferenceEqualityComparer.Instance);

    public static void Add(AgentSession session)
    {
        lock (s_lock)
            s_open.Add(session);
    }

    public static void Remove(AgentSession session)
    {
        lock (s_lock)
            s_open.Remove(session);
    }
}
