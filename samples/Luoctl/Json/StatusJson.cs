using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>What <c>status</c> says.</summary>
internal sealed record StatusJson(
    string BackEnd,
    int ProcessId,
    ulong Generation,
    bool KeepsState,
    double UptimeMs,
    string Phase,
    ulong Update,
    double TimeLeftMs,
    long DeviceConnections,
    long OutgoingSessions,
    long IncomingSessions,
    long ParkedSessions,
    long Files,
    long Bytes,
    IReadOnlyList<SubscriberJson> Subscribers)
{
    public static StatusJson Of(AgentStatus status) => new(
        status.Agent.BackEnd,
        status.Agent.ProcessId,
        status.Agent.Generation,
        status.Agent.KeepsState,
        status.Uptime.TotalMilliseconds,
        Words.Of(status.Phase),
        status.Update,
        status.TimeLeft.TotalMilliseconds,
        status.DeviceConnections,
        status.OutgoingSessions,
        status.IncomingSessions,
        status.ParkedSessions,
        status.Files,
        status.Bytes,
        [.. status.Subscribers.Select(static one => new SubscriberJson(one.Id, one.Name, Words.Of(one.State)))]);
}
