using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>What a program did in an update; a time that is not there did not come about.</summary>
internal sealed record ParticipantJson(int Id, string Name, string State, double? ReadyMs, double? ClaimedMs, double? FinishedMs)
{
    public static ParticipantJson Of(AgentSubscriberResult result) => new(
        result.Id,
        result.Name,
        Words.Of(result.State),
        result.ReadyAfter?.TotalMilliseconds,
        result.ClaimedAfter?.TotalMilliseconds,
        result.FinishedAfter?.TotalMilliseconds);
}
