using System.Diagnostics;

namespace LiveUpdate;

/// <summary>A moment by which something must have happened.</summary>
internal readonly struct Deadline
{
    private readonly long _end;

    private Deadline(long end) => _end = end;

    /// <summary>A moment that never comes.</summary>
    public static Deadline Never => new(long.MaxValue);

    /// <summary>Whether it has passed.</summary>
    public bool IsOver => _end != long.MaxValue && Stopwatch.GetTimestamp() >= _end;

    /// <summary>The time left in milliseconds, rounded up, as <c>poll</c> takes it: -1 for ever.</summary>
    public int Milliseconds
    {
        get
        {
            if (_end == long.MaxValue)
                return -1;
            double left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _end).TotalMilliseconds;
            return (int)Math.Clamp(Math.Ceiling(left), 0, int.MaxValue);
        }
    }

    /// <summary>A time from now; <see cref="Timeout.InfiniteTimeSpan"/>, and what no timer can count, for never.</summary>
    public static Deadline After(TimeSpan time) =>
        time == Timeout.InfiniteTimeSpan || time.TotalMilliseconds >= int.MaxValue ? Never : new Deadline(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));

    /// <summary>The earlier of two.</summary>
    public static Deadline Earlier(Deadline one, Deadline other) => one._end <= other._end ? one : other;
}
