using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>An event, a line each; what does not belong to its kind is not there.</summary>
internal sealed record EventJson(
    string Kind, ulong Update, double TimeMs, string Phase, int? SubscriberId, string? Subscriber, string? State, string? Error, string? Reason)
{
    public static EventJson Of(AgentEvent happened)
    {
        bool isSubscriber = happened.Kind == AgentEventKind.Subscriber;
        return new EventJson(
            Words.Of(happened.Kind),
            happened.Update,
            happened.Time.TotalMilliseconds,
            happened.Phase,
            isSubscriber ? happened.SubscriberId : null,
            happened.Subscriber,
            isSubscriber ? Words.Of(happened.State) : null,
            happened.Error == LiveUpdateError.None ? null : happened.Error.ToErrnoName(),
            happened.Reason);
    }
}
