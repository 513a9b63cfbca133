namespace LiveUpdate.Agent;

/// <summary>An update that a subscriber is to prepare for.</summary>
public sealed class AgentPreparation
{
    private readonly Deadline _deadline;

    internal AgentPreparation(ulong update, TimeSpan timeLeft) => (Update, _deadline) = (update, Deadline.After(timeLeft));

    /// <summary>The number of the update.</summary>
    public ulong Update { get; }

    /// <summary>The time left until the agent waits no longer, exact to the millisecond.</summary>
    public TimeSpan TimeLeft => TimeSpan.FromMilliseconds(_deadline.Milliseconds);
}
