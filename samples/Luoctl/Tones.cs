using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl;

/// <summary>How good a state is.</summary>
internal static class Tones
{
    public static Tone Of(AgentSubscriberState state) => state switch
    {
        AgentSubscriberState.Ready or AgentSubscriberState.Claimed or AgentSubscriberState.Finished => Tone.Good,
        AgentSubscriberState.LeftBehind or AgentSubscriberState.Gone => Tone.Warning,
        AgentSubscriberState.Refused => Tone.Bad,
        _ => Tone.Normal,
    };

    public static Tone Of(PreflightSeverity severity) => severity switch
    {
        PreflightSeverity.Blocking => Tone.Bad,
        PreflightSeverity.Warning or PreflightSeverity.Unknown => Tone.Warning,
        _ => Tone.Faint,
    };
}
