using System.Diagnostics;

namespace ZeroDowntimeServer.Driving;

/// <summary>Durations, and what they are like as a whole.</summary>
internal sealed class Distribution
{
    private readonly List<double> _microseconds = [];

    public int Count => _microseconds.Count;

    /// <summary>Adds what lies between two time stamps of <see cref="Stopwatch"/>.</summary>
    public void Add(long from, long to) => _microseconds.Add(Stopwatch.GetElapsedTime(from, to).TotalMicroseconds);

    public void Add(TimeSpan duration) => _microseconds.Add(duration.TotalMicroseconds);

    /// <summary>The duration in microseconds that so many percent do not exceed, by nearest rank.</summary>
    public long Percentile(int percent)
    {
        _microseconds.Sort();
        int rank = (int)Math.Ceiling(_microseconds.Count * percent / 100.0);
        return _microseconds.Count == 0 ? 0 : (long)Math.Round(_microseconds[Math.Max(rank, 1) - 1]);
    }
}
