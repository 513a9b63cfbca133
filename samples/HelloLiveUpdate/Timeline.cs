using System.Diagnostics;

namespace HelloLiveUpdate;

/// <summary>How long the steps of this generation took.</summary>
internal sealed class Timeline
{
    private readonly List<TimelineEntry> _entries = [];

    public IReadOnlyList<TimelineEntry> Entries => _entries;

    public T Measure<T>(string phase, Func<T> work)
    {
        long started = Stopwatch.GetTimestamp();
        T result = work();
        _entries.Add(new TimelineEntry(phase, Stopwatch.GetElapsedTime(started)));
        return result;
    }

    public void Measure(string phase, Action work) => Measure(phase, () =>
    {
        work();
        return true;
    });
}
