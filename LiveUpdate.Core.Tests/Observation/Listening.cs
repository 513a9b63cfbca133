using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace LiveUpdate.Tests.Observation;

/// <summary>Listens to the library's activities and instruments, as OpenTelemetry does, while it is not disposed.</summary>
/// <remarks>Activities are those of one thread's tests: only what begins under <see cref="Root"/> is kept.</remarks>
internal sealed class Listening : IDisposable
{
    private static readonly ActivitySource s_source = new("LiveUpdate.Core.Tests");

    private readonly ActivityListener _activities = new();
    private readonly MeterListener _instruments = new();
    private readonly string _target;
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ConcurrentQueue<(string Instrument, double Value, string? Phase, string? Error)> _measurements = new();

    /// <summary>Begins to listen.</summary>
    /// <param name="target">Measurements of updates by another target are those of other tests.</param>
    public Listening(string target)
    {
        _target = target;
        _activities.ShouldListenTo = static source => source.Name is LiveUpdateDiagnostics.ActivitySourceName or "LiveUpdate.Core.Tests";
        _activities.Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded;
        _activities.ActivityStopped = _ended.Enqueue;
        ActivitySource.AddActivityListener(_activities);
        Root = s_source.StartActivity("test")!;
        _instruments.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == LiveUpdateDiagnostics.MeterName)
                listener.EnableMeasurementEvents(instrument);
        };
        _instruments.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _instruments.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _instruments.Start();
    }

    /// <summary>The activity that the test itself is.</summary>
    public Activity Root { get; }

    /// <summary>What ended under the test's activity, in order.</summary>
    public IReadOnlyList<Activity> Activities => [.. _ended.Where(activity => activity.TraceId == Root.TraceId && activity != Root)];

    /// <summary>The values of an instrument.</summary>
    public IReadOnlyList<double> ValuesOf(string instrument, string? phase = null, string? error = null) =>
        [.. _measurements.Where(found => (found.Instrument, found.Phase, found.Error) == (instrument, phase, error)).Select(static found => found.Value)];

    public void Dispose()
    {
        Root.Dispose();
        _activities.Dispose();
        _instruments.Dispose();
    }

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? Tag(ReadOnlySpan<KeyValuePair<string, object?>> all, string name)
        {
            foreach (KeyValuePair<string, object?> tag in all)
            {
                if (tag.Key == name)
                    return tag.Value as string;
            }

            return null;
        }

        if (Tag(tags, "liveupdate.target") == _target)
            _measurements.Enqueue((instrument.Name, value, Tag(tags, "liveupdate.phase"), Tag(tags, "error.type")));
    }
}
