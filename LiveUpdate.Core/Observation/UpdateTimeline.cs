using System.Diagnostics;

namespace LiveUpdate;

/// <summary>When each phase of an update began: noted without an allocation, turned into a report after the pause.</summary>
/// <remarks>Time stamps are those of <see cref="Stopwatch"/>, which on Linux is the monotonic clock in nanoseconds, the same in every process.</remarks>
internal sealed class UpdateTimeline
{
    private readonly (UpdateStep Step, long Timestamp)[] _marks = new (UpdateStep, long)[(int)UpdateStep.Done + 1];
    private int _count;

    /// <summary>When the first phase began.</summary>
    public long Started => _marks[0].Timestamp;

    /// <summary>When the last phase began.</summary>
    public long Last => _marks[_count - 1].Timestamp;

    /// <summary>Begins a phase now, and ends the one before it.</summary>
    public void Begin(UpdateStep step) => Begin(step, Stopwatch.GetTimestamp());

    /// <summary>Begins a phase at a time that somebody else noted; a phase begins once.</summary>
    public void Begin(UpdateStep step, long timestamp) => _marks[_count++] = (step, timestamp);

    /// <summary>Takes over the marks of another one behind its own.</summary>
    public void Append(UpdateTimeline other)
    {
        foreach ((UpdateStep step, long timestamp) in other._marks.AsSpan(0, other._count))
            Begin(step, timestamp);
    }

    /// <summary>When a phase began; 0 if it did not.</summary>
    public long TimestampOf(UpdateStep step)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_marks[i].Step == step)
                return _marks[i].Timestamp;
        }

        return 0;
    }

    /// <summary>The phases that have ended: each lasts until the next one begins.</summary>
    public LiveUpdatePhase[] ToPhases()
    {
        var phases = new LiveUpdatePhase[_count - 1];
        for (int i = 0; i < phases.Length; i++)
        {
            phases[i] = new LiveUpdatePhase(
                NameOf(_marks[i].Step),
                Stopwatch.GetElapsedTime(Started, _marks[i].Timestamp),
                Stopwatch.GetElapsedTime(_marks[i].Timestamp, _marks[i + 1].Timestamp));
        }

        return phases;
    }

    /// <summary>The public name of a phase.</summary>
    public static string NameOf(UpdateStep step) => step switch
    {
        UpdateStep.Prepare => "prepare",
        UpdateStep.Start => "start",
        UpdateStep.Transfer => "transfer",
        UpdateStep.Quiesce => "quiesce",
        UpdateStep.Gate => "gate",
        UpdateStep.Freeze => "freeze",
        UpdateStep.Serialize => "serialize",
        UpdateStep.HandOver => "hand-over",
        UpdateStep.Attach => "attach",
        UpdateStep.Verify => "verify",
        UpdateStep.Commit => "commit",
        UpdateStep.Activate => "activate",
        _ => "done",
    };
}
