using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>The last line of <c>update</c>, for one that is done.</summary>
internal sealed record ResultJson(
    string Kind,
    ulong Update,
    ulong Generation,
    double DurationMs,
    IReadOnlyList<PhaseJson> Phases,
    IReadOnlyList<ParticipantJson> Subscribers,
    IReadOnlyList<string> Unfinished)
{
    public static ResultJson Of(AgentUpdateResult result) => new(
        "result",
        result.Update,
        result.Generation,
        result.Duration.TotalMilliseconds,
        [.. result.Phases.Select(static phase => new PhaseJson(phase.Name, phase.Start.TotalMilliseconds, phase.Duration.TotalMilliseconds))],
        [.. result.Subscribers.Select(ParticipantJson.Of)],
        result.Unfinished);
}
