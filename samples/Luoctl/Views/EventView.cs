using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>Shows an event, in a line.</summary>
internal static class EventView
{
    private const int TimeWidth = 8;

    public static Page Of(AgentEvent happened)
    {
        string time = happened.Update == 0 ? "" : Format.Time(happened.Time);
        string update = happened.Update == 0 ? "" : $"update {happened.Update}: ";
        return new Page().Text($"{time.PadLeft(TimeWidth)}  {update}{Describe(happened)}", ToneOf(happened));
    }

    private static string Describe(AgentEvent happened) => happened.Kind switch
    {
        AgentEventKind.Phase => happened.Phase,
        AgentEventKind.Subscriber =>
            $"{happened.Subscriber} ({happened.SubscriberId}) is {Words.Of(happened.State)}{(happened.Reason is { Length: > 0 } reason ? $": {reason}" : "")}",
        AgentEventKind.CalledOff => $"called off, {happened.Error.ToErrnoName()}: {happened.Reason}",
        AgentEventKind.Over => "over",
        _ => Words.Of(happened.Kind),
    };

    private static Tone ToneOf(AgentEvent happened) => happened.Kind switch
    {
        AgentEventKind.Phase => Tone.Strong,
        AgentEventKind.Subscriber => Tones.Of(happened.State),
        AgentEventKind.CalledOff => Tone.Bad,
        AgentEventKind.Over => Tone.Good,
        _ => Tone.Normal,
    };
}
