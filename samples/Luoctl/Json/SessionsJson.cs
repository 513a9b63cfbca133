using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>What <c>sessions</c> says.</summary>
internal sealed record SessionsJson(IReadOnlyList<SessionJson> Sessions)
{
    public static SessionsJson Of(IEnumerable<AgentSessionInfo> sessions) => new([.. sessions.Select(static one =>
        new SessionJson(one.Name.ToString(), Words.Side(one.IsIncoming), one.User, one.IsOpen, one.Files, one.Bytes))]);
}
