using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace LiveUpdate;

/// <summary>Turns reports into activities and measurements, after the pause (<see cref="LiveUpdateDiagnostics"/>).</summary>
internal static class UpdateInstruments
{
    private const string TargetTag = "liveupdate.target";
    private const string NumberTag = "liveupdate.number";
    private const string PhaseTag = "liveupdate.phase";

    private static readonly string? s_version = typeof(UpdateInstruments).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource s_source = new(LiveUpdateDiagnostics.ActivitySourceName, s_version);
    private static readonly Meter s_meter = new(LiveUpdateDiagnostics.MeterName, s_version);

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        "liveupdate.handover.duration", "s", "From the call of a hand-over to its end.");

    private static readonly Histogram<double> s_pause = s_meter.CreateHistogram<double>(
        "liveupdate.pause.duration", "s", "From the first freeze to the end of the update: how long nobody could use a session.");

    private static readonly Histogram<double> s_phase = s_meter.CreateHistogram<double>(
        "liveupdate.phase.duration", "s", "One phase of an update.");

    private static readonly Counter<long> s_files = s_meter.CreateCounter<long>(
        "liveupdate.handover.files", "{file}", "Files handed over.");

    private static readonly Counter<long> s_descriptors = s_meter.CreateCounter<long>(
        "liveupdate.handover.descriptors", "{descriptor}", "Descriptors handed over.");

    private static readonly Counter<long> s_bytes = s_meter.CreateCounter<long>(
        "liveupdate.handover.size", "By", "Bytes of preserved memory handed over.");

    /// <summary>Begins the activity of a hand-over; null if nobody listens.</summary>
    public static Activity? StartHandover(string target, ulong number) => s_source.StartActivity(
        "liveupdate.handover", ActivityKind.Internal, parentContext: default, tags: Tags(target, number));

    /// <summary>Notes what a hand-over did, on the side that handed over.</summary>
    public static void Completed(Activity? activity, LiveUpdateReport report)
    {
        var target = new KeyValuePair<string, object?>(TargetTag, report.Target);
        Measure(report.Phases, target);
        s_duration.Record((report.Phases[^1].Start + report.Phases[^1].Duration).TotalSeconds, target);
        s_files.Add(report.Files, target);
        s_descriptors.Add(report.Descriptors, target);
        s_bytes.Add(report.Bytes, target);
        AddFigures(activity, report);
        if (activity is not null)
            AddPhases(activity.Context, activity.StartTimeUtc, report.Phases);
    }

    /// <summary>Notes that a hand-over was called off, or that the next generation was lost.</summary>
    public static void Failed(Activity? activity, string target, TimeSpan duration, Exception cause)
    {
        string type = cause is LiveUpdateException refusal ? refusal.Error.ToString() : cause.GetType().Name;
        s_duration.Record(
            duration.TotalSeconds,
            new KeyValuePair<string, object?>(TargetTag, target),
            new KeyValuePair<string, object?>("error.type", type));
        activity?.SetTag("error.type", type);
        activity?.SetStatus(ActivityStatusCode.Error, cause.Message);
    }

    /// <summary>Notes the update that brought this generation.</summary>
    /// <param name="report">Its report; the phases before <c>attach</c> are those of the other side.</param>
    /// <param name="parent">The activity of the hand-over; default if there was none.</param>
    public static void Booted(LiveUpdateReport report, ActivityContext parent)
    {
        LiveUpdatePhase[] own = [.. report.Phases.SkipWhile(static phase => phase.Name != "attach")];
        if (own.Length == 0)
            return;
        var target = new KeyValuePair<string, object?>(TargetTag, report.Target);
        s_pause.Record(report.Pause.TotalSeconds, target);
        Measure(own, target);
        TimeSpan end = own[^1].Start + own[^1].Duration;
        DateTimeOffset zero = DateTimeOffset.UtcNow - end;
        using Activity? activity = s_source.StartActivity(
            "liveupdate.boot", ActivityKind.Internal, parent, Tags(report.Target, report.Number), startTime: zero + own[0].Start);
        AddFigures(activity, report);
        if (activity is null)
            return;
        AddPhases(activity.Context, zero, own);
        activity.SetEndTime((zero + end).UtcDateTime);
    }

    private static KeyValuePair<string, object?>[] Tags(string target, ulong number) =>
        [new(TargetTag, target), new(NumberTag, (long)number)];

    private static void Measure(IReadOnlyList<LiveUpdatePhase> phases, KeyValuePair<string, object?> target)
    {
        if (!s_phase.Enabled)
            return;
        foreach (LiveUpdatePhase phase in phases)
            s_phase.Record(phase.Duration.TotalSeconds, target, new KeyValuePair<string, object?>(PhaseTag, phase.Name));
    }

    private static void AddFigures(Activity? activity, LiveUpdateReport report)
    {
        if (activity is not { IsAllDataRequested: true })
            return;
        activity.SetTag("liveupdate.sessions", report.Sessions);
        activity.SetTag("liveupdate.files", report.Files);
        activity.SetTag("liveupdate.descriptors", report.Descriptors);
        activity.SetTag("liveupdate.size", report.Bytes);
        activity.SetTag("liveupdate.pause", report.Pause.TotalSeconds);
        activity.SetTag("liveupdate.collections", report.Collections.Generation0);
    }

    private static void AddPhases(ActivityContext parent, DateTimeOffset zero, IReadOnlyList<LiveUpdatePhase> phases)
    {
        foreach (LiveUpdatePhase phase in phases)
        {
            using Activity? activity = s_source.StartActivity(
                "liveupdate.phase", ActivityKind.Internal, parent, [new(PhaseTag, phase.Name)], startTime: zero + phase.Start);
            activity?.SetEndTime((zero + phase.Start + phase.Duration).UtcDateTime);
        }
    }
}
