using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LiveUpdate.Agent;

/// <summary>How <see cref="AgentKeeper"/> keeps an agent.</summary>
public sealed class AgentKeeperOptions
{
    /// <summary>
    /// How many descriptors are kept at most; 100,000 unless set. As many the keeper must be allowed to have open (<c>RLIMIT_NOFILE</c>,
    /// <c>LimitNOFILE=</c>), else fewer are, and a warning says so.
    /// </summary>
    public int MaxDescriptors { get; init; } = 100_000;

    /// <summary>How many deaths of the agent within <see cref="DeathsWithin"/> are one too many; 5 unless set.</summary>
    public int MaxDeaths { get; init; } = 5;

    /// <summary>The time in which deaths are counted; 10 seconds unless set.</summary>
    public TimeSpan DeathsWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long to wait before the agent is started again, times the deaths within <see cref="DeathsWithin"/> before the last one: the
    /// first is followed by a start at once. 200 ms unless set.
    /// </summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long an agent that is told to stop (SIGTERM) has until it is killed; 60 seconds unless set.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// When the agent has ended and somebody has its socket still, how long a successor has to say hello until it is cut off and the agent
    /// started again; 30 seconds unless set.
    /// </summary>
    public TimeSpan SuccessorTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The environment of the agent; null, the default, for this process's. The keeper adds a variable of its own.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Gets starts, deaths, and what the agent sends and no agent should.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Throws if an option is out of range.</summary>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxDescriptors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxDeaths);
        ArgumentOutOfRangeException.ThrowIfLessThan(DeathsWithin, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RestartDelay, TimeSpan.Zero);
        CheckTimeout(StopTimeout, nameof(StopTimeout));
        CheckTimeout(SuccessorTimeout, nameof(SuccessorTimeout));
        ArgumentNullException.ThrowIfNull(Logger);
    }

    private static void CheckTimeout(TimeSpan time, string name)
    {
        if (time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(name, time, "A time is not negative, or infinite.");
    }
}
