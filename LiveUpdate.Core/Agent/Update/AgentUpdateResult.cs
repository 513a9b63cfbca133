namespace LiveUpdate.Agent;

/// <summary>An update that has been done.</summary>
public sealed record AgentUpdateResult
{
    /// <summary>The number of the update.</summary>
    public required ulong Update { get; init; }

    /// <summary>The number of the generation that it brought.</summary>
    public required ulong Generation { get; init; }

    /// <summary>From the start until everybody had finished, or the time to claim was over.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>
    /// The phases in order, as <see cref="AgentEvent.Phase"/> names them; each lasts until the next one. Those that the way into the next
    /// generation has are there as far as the predecessor could still tell them.
    /// </summary>
    public required IReadOnlyList<LiveUpdatePhase> Phases { get; init; }

    /// <summary>Who took part, in the order in which they were first heard of.</summary>
    public required IReadOnlyList<AgentSubscriberResult> Subscribers { get; init; }

    /// <summary>The names of those who took part and have not finished: they were silent, or are gone.</summary>
    public required IReadOnlyList<string> Unfinished { get; init; }
}
