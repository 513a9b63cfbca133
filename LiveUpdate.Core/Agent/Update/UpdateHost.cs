namespace LiveUpdate.Agent;

/// <summary>What the update protocol needs of the server around it. Called from any thread, and from several at once.</summary>
internal abstract class UpdateHost
{
    /// <summary>What an update replaces: <c>managed</c> or <c>kernel</c>.</summary>
    public abstract string BackEnd { get; }

    /// <summary>Whether what the agent holds outlives its death.</summary>
    public abstract bool KeepsState { get; }

    /// <summary>The number of the update that brought this generation.</summary>
    public abstract ulong Generation { get; }

    /// <summary>What the status says.</summary>
    public abstract UpdateCounts Counts { get; }

    /// <summary>Whether a user may start and call off updates, load kernels and see what is other users'.</summary>
    public abstract bool IsAdministrator(uint user);

    /// <summary>
    /// A number that no update had before, not even before the agent's death: what is said of an earlier one must not be taken for it.
    /// </summary>
    public abstract ulong NextUpdate();

    /// <summary>
    /// Waits until no request on the device socket is under way; from then on they wait. Throws if that does not come about.
    /// </summary>
    public abstract Task PauseAsync(CancellationToken cancellationToken);

    /// <summary>Takes <see cref="PauseAsync"/> back, also when that failed.</summary>
    public abstract void Resume();

    /// <summary>
    /// Hands over. Returns when the successor has taken over: this process is quiet then and ends. Throws if nothing happened. Calls
    /// <see cref="UpdateServer.SaveAsync"/> before it commits, unless nobody's connections go along.
    /// </summary>
    /// <param name="phase">Told the name of each phase that begins.</param>
    /// <param name="cancellationToken">Cancelled when the agent stops.</param>
    public abstract Task HandOverAsync(Action<string> phase, CancellationToken cancellationToken);

    /// <summary>What stands in the way of an update.</summary>
    public abstract IReadOnlyList<PreflightFinding> Check();

    /// <summary>All sessions of all users, in any order.</summary>
    public abstract IEnumerable<AgentSessionInfo> ListSessions();

    /// <summary>The files of a session in the order in which they were preserved; null if there is no such session.</summary>
    public abstract IReadOnlyList<AgentFileInfo>? ListFiles(SessionName session, bool isIncoming);

    /// <summary>Loads a kernel; throws <see cref="LiveUpdateException"/> if that is not possible.</summary>
    public abstract void Load(KernelImage image);

    /// <summary>A connection has ended, and its descriptor is closed; not after a hand-over.</summary>
    public virtual void ConnectionEnded(int key)
    {
    }

    /// <summary>Something happened to an update. Called in order, within the state machine: must neither wait nor call back.</summary>
    public virtual void Observe(AgentEvent happened)
    {
    }
}
