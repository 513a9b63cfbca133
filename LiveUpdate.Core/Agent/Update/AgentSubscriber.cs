namespace LiveUpdate.Agent;

/// <summary>
/// A program's part in updates: derive from it, and give it to <see cref="AgentClient.SubscribeAsync"/>. What is not overridden does
/// nothing.
/// </summary>
/// <remarks>
/// One method runs at a time, on the thread pool, in the order prepare, go or called off, claim. A program that was started by the
/// update gets its first call in <see cref="ClaimAsync"/>.
/// </remarks>
public abstract class AgentSubscriber
{
    /// <summary>
    /// Brings the program to rest, makes its sessions and preserves in them. The program is ready when this returns. What it throws
    /// refuses the update for everybody, and its message is the reason; if it ends because of the token, the program is silent instead.
    /// </summary>
    /// <param name="preparation">The update.</param>
    /// <param name="cancellationToken">Cancelled when the time is over, the update is called off, or the agent is lost.</param>
    public virtual ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken) => default;

    /// <summary>Everybody is ready and the agent hands over: what a session holds stays as it is, and requests wait.</summary>
    /// <param name="update">The number of the update.</param>
    /// <param name="cancellationToken">Cancelled when the update is called off or done, or the agent is lost.</param>
    public virtual ValueTask GoAsync(ulong update, CancellationToken cancellationToken) => default;

    /// <summary>
    /// The update is called off, and the program goes on as before; its sessions are still open. Called after <see cref="PrepareAsync"/>,
    /// whatever came of that.
    /// </summary>
    /// <param name="update">The number of the update.</param>
    /// <param name="reason">
    /// Why. EINTR: the agent died and came back. ECONNRESET: it is lost. Otherwise what the agent says.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the client is disposed, or the agent is lost later.</param>
    public virtual ValueTask CalledOffAsync(ulong update, LiveUpdateException reason, CancellationToken cancellationToken) => default;

    /// <summary>
    /// The next generation is there: retrieves the program's sessions and what is in them, and finishes them. The program has finished when
    /// this returns; if it throws it has not, and the sessions that it closed stay parked.
    /// </summary>
    /// <param name="claim">The update.</param>
    /// <param name="cancellationToken">Cancelled when the client is disposed, or the agent is lost.</param>
    public virtual ValueTask ClaimAsync(AgentClaim claim, CancellationToken cancellationToken) => default;

    /// <summary>
    /// What <see cref="GoAsync"/>, <see cref="CalledOffAsync"/> or <see cref="ClaimAsync"/> threw, which refuses nothing any more. It is
    /// logged as well (<see cref="AgentClientOptions.Logger"/>).
    /// </summary>
    /// <param name="exception">The exception.</param>
    public virtual void OnFailed(Exception exception)
    {
    }
}
