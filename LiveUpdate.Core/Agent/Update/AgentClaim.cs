namespace LiveUpdate.Agent;

/// <summary>An update that has happened, after which a subscriber takes back what is its own.</summary>
public sealed class AgentClaim
{
    private readonly Deadline _deadline;
    private readonly Action _claimed;
    private int _isClaimed;

    internal AgentClaim(ulong update, ulong generation, TimeSpan timeLeft, Action claimed) =>
        (Update, Generation, _deadline, _claimed) = (update, generation, Deadline.After(timeLeft), claimed);

    /// <summary>The number of the update.</summary>
    public ulong Update { get; }

    /// <summary>The number of the generation that it brought.</summary>
    public ulong Generation { get; }

    /// <summary>
    /// The time left until the agent calls the update over, exact to the millisecond; what is parked can be claimed later, too.
    /// </summary>
    public TimeSpan TimeLeft => TimeSpan.FromMilliseconds(_deadline.Milliseconds);

    /// <summary>
    /// Says that every session is retrieved, while there is still work to do before they are finished. Need not be called: who finishes has
    /// claimed. Later calls do nothing.
    /// </summary>
    public void Claimed()
    {
        if (Interlocked.Exchange(ref _isClaimed, 1) == 0)
            _claimed();
    }
}
