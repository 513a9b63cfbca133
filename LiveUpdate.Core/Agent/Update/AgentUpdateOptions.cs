namespace LiveUpdate.Agent;

/// <summary>How an update is to go.</summary>
public sealed class AgentUpdateOptions
{
    /// <summary>The longest time to prepare or to claim.</summary>
    internal static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    /// <summary>
    /// How long subscribers may take to become ready: one millisecond to one day, exact to the millisecond; 30 seconds unless set.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan PrepareTime
    {
        get;
        init => field = InRange(value);
    } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the next generation waits for subscribers to claim what is theirs: one millisecond to one day, exact to the millisecond;
    /// 60 seconds unless set. What is not claimed then is not lost: it stays parked.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan ClaimTime
    {
        get;
        init => field = InRange(value);
    } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whether the update goes on without subscribers that have not answered in time; otherwise, unless set, they call it off. What they
    /// have preserved is handed over as it is.
    /// </summary>
    public bool LeavesSilentBehind { get; init; }

    /// <summary>Whether a time is one that an update can be given.</summary>
    internal static bool IsInRange(TimeSpan time) => time >= TimeSpan.FromMilliseconds(1) && time <= LongestTime;

    private static TimeSpan InRange(TimeSpan value) => IsInRange(value)
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "The time is one millisecond to one day.");
}
