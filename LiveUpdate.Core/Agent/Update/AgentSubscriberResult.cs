namespace LiveUpdate.Agent;

/// <summary>What a subscriber did in an update. Times are counted from the update's start; null for what it did not do.</summary>
/// <param name="Id">The number of its connection.</param>
/// <param name="Name">The name that it gave itself.</param>
public sealed record AgentSubscriberResult(int Id, string Name)
{
    /// <summary>When it was ready.</summary>
    public TimeSpan? ReadyAfter { get; init; }

    /// <summary>When it had its sessions back.</summary>
    public TimeSpan? ClaimedAfter { get; init; }

    /// <summary>When it had finished.</summary>
    public TimeSpan? FinishedAfter { get; init; }

    /// <summary>
    /// The last that was heard of it: <see cref="AgentSubscriberState.Finished"/>, or how far it got before the time was over, or
    /// <see cref="AgentSubscriberState.Gone"/>.
    /// </summary>
    public AgentSubscriberState State { get; init; }

    /// <summary>Whether the update's time was over before it had finished.</summary>
    public bool IsSilent => State is not (AgentSubscriberState.Finished or AgentSubscriberState.Gone);
}
