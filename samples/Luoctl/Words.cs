using System.Globalization;
using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl;

/// <summary>The agent's enumerations in words, the same in text and in JSON. A newer agent's value is its number.</summary>
internal static class Words
{
    public static string Of(AgentUpdatePhase phase) => phase switch
    {
        AgentUpdatePhase.Idle => "idle",
        AgentUpdatePhase.Preparing => "preparing",
        AgentUpdatePhase.Going => "going",
        AgentUpdatePhase.Claiming => "claiming",
        AgentUpdatePhase.HandedOver => "handed-over",
        _ => Number((int)phase),
    };

    public static string Of(AgentSubscriberState state) => state switch
    {
        AgentSubscriberState.Subscribed => "subscribed",
        AgentSubscriberState.Preparing => "preparing",
        AgentSubscriberState.Ready => "ready",
        AgentSubscriberState.Refused => "refused",
        AgentSubscriberState.LeftBehind => "left-behind",
        AgentSubscriberState.Updated => "updated",
        AgentSubscriberState.Claimed => "claimed",
        AgentSubscriberState.Finished => "finished",
        AgentSubscriberState.Gone => "gone",
        _ => Number((int)state),
    };

    public static string Of(AgentEventKind kind) => kind switch
    {
        AgentEventKind.Phase => "phase",
        AgentEventKind.Subscriber => "subscriber",
        AgentEventKind.CalledOff => "called-off",
        AgentEventKind.Over => "over",
        _ => Number((int)kind),
    };

    public static string Of(PreflightSeverity severity) => severity switch
    {
        PreflightSeverity.Information => "information",
        PreflightSeverity.Warning => "warning",
        PreflightSeverity.Unknown => "unknown",
        PreflightSeverity.Blocking => "blocking",
        _ => Number((int)severity),
    };

    /// <summary>The side of a session.</summary>
    public static string Side(bool isIncoming) => isIncoming ? "incoming" : "outgoing";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
