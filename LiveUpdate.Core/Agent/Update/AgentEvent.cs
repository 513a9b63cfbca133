namespace LiveUpdate.Agent;

/// <summary>Something that happened to an update, or to who takes part in updates.</summary>
public sealed record AgentEvent
{
    /// <summary>What it tells.</summary>
    public required AgentEventKind Kind { get; init; }

    /// <summary>The number of the update; 0 where none is under way.</summary>
    public ulong Update { get; init; }

    /// <summary>When it happened, counted from the start of the update, exact to the microsecond; zero where none is under way.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>
    /// The phase that the agent is in: <c>idle</c>, <c>prepare</c>, <c>barrier</c> (all are ready, and requests come to rest),
    /// <c>hand-over</c>, then those that the way into the next generation has (as <see cref="LiveUpdatePhase.Name"/>), and <c>claim</c>.
    /// </summary>
    public required string Phase { get; init; }

    /// <summary>The number of the subscriber's connection, the same for as long as that lasts; −1 where it is about none.</summary>
    public int SubscriberId { get; init; } = -1;

    /// <summary>The name that the subscriber gave itself, which others may have too; null where it is about none.</summary>
    public string? Subscriber { get; init; }

    /// <summary>The subscriber's state; the default value, which is none of them, where it is about none.</summary>
    public AgentSubscriberState State { get; init; }

    /// <summary>Why an update is called off.</summary>
    public LiveUpdateError Error { get; init; }

    /// <summary>Why an update is called off, in a sentence; a subscriber's reason to refuse.</summary>
    public string? Reason { get; init; }
}
