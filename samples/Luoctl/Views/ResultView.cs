using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>Shows an update that is done: the time line, and who took part.</summary>
internal static class ResultView
{
    private const int Width = 40;

    public static Page Of(AgentUpdateResult result)
    {
        Page page = new Page()
            .Text($"Update {result.Update} is done: generation {result.Generation}, {Format.Time(result.Duration)}", Tone.Good)
            .Table(["phase", "began", "took", "time line"], result.Phases.Select(phase => (IReadOnlyList<PageCell>)
            [
                phase.Name, PageCell.Quantity(Format.Time(phase.Start)), PageCell.Quantity(Format.Time(phase.Duration)), Bar(phase, result.Duration),
            ]))
            .Table(["program", "ready", "claimed", "finished", "state"], result.Subscribers.Select(static subscriber => (IReadOnlyList<PageCell>)
            [
                subscriber.Name,
                TimeOf(subscriber.ReadyAfter),
                TimeOf(subscriber.ClaimedAfter),
                TimeOf(subscriber.FinishedAfter),
                new PageCell(Words.Of(subscriber.State), Tones.Of(subscriber.State)),
            ]));
        return result.Unfinished.Count == 0
            ? page
            : page.Text($"Not finished, and parked as far as it was theirs: {string.Join(", ", result.Unfinished)}", Tone.Warning);
    }

    private static PageCell TimeOf(TimeSpan? time) => PageCell.Quantity(time is { } known ? Format.Time(known) : "-");

    // A phase has a mark at least, however short it was.
    private static string Bar(LiveUpdatePhase phase, TimeSpan whole)
    {
        double scale = whole > TimeSpan.Zero ? Width / whole.TotalSeconds : 0;
        int start = Math.Clamp((int)(phase.Start.TotalSeconds * scale), 0, Width - 1);
        int length = Math.Clamp((int)Math.Round(phase.Duration.TotalSeconds * scale), 1, Width - start);
        return new string(' ', start) + new string('=', length);
    }
}
