namespace LiveUpdate;

/// <summary>How long <see cref="HandoverTarget.ServiceManager"/> waits for the service manager, how it is asked, and what the program does.</summary>
/// <remarks>
/// All of it happens between the order to stop and the manager's patience with it (<c>TimeoutStopSec=</c>, 90 seconds unless set), after
/// which the process is killed.
/// </remarks>
public sealed class ServiceManagerOptions
{
    /// <summary>
    /// For each step of storing memory and descriptors, while this process still runs; 30 seconds unless set. A store that holds thousands
    /// takes seconds: the manager compares each newcomer with all that it has.
    /// </summary>
    public TimeSpan StoreTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For the manager's last answer, before the commit: within the pause; 5 seconds unless set. As long again for what a hand-over that is
    /// called off takes out of the store, when the pause is over.
    /// </summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For each question to <c>systemctl</c>, while this process still runs; 5 seconds unless set. One that is not answered before anything
    /// is stored is the finding <c>fdstore-unknown</c>.
    /// </summary>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The path of <c>systemctl</c>; null, the default, to look for it in <c>PATH</c>.</summary>
    public string? Systemctl { get; init; }

    /// <summary>
    /// Whether the hand-over is refused where nobody says what the store holds. The manager drops what is too many without a word, and only
    /// the count tells. False, the default: the hand-over goes on with the finding <c>fdstore-unknown</c>.
    /// </summary>
    public bool RequireCount { get; init; }

    /// <summary>
    /// Called once the manager holds memory and descriptors, before anything is frozen: bring the program to rest here, so that what must
    /// not change after the freeze does not. Null, the default, where each handler's <c>Freeze</c> sees to that.
    /// </summary>
    /// <remarks>
    /// <para>Runs on the thread of the hand-over and may wait; it should be short, since clients wait with it. Sessions can still be used:
    /// what came meanwhile is preserved here. The token is that of the hand-over, and its cancellation should end the wait.</para>
    /// <para>What it throws calls the hand-over off, is followed by <see cref="Resume"/>, and reaches the caller.</para>
    /// </remarks>
    public Action<CancellationToken>? Quiesce { get; init; }

    /// <summary>
    /// Takes <see cref="Quiesce"/> back: called when the hand-over was called off after that had begun, also if it threw. Everything is
    /// unfrozen, and sessions can be used; what was stored is taken out after it.
    /// </summary>
    /// <remarks>
    /// Runs on the thread of the hand-over, before it throws. What this throws cannot refuse anything any more: it goes to
    /// <see cref="LiveUpdateOrchestrator.CleanupErrors"/>. Not called after the commit.
    /// </remarks>
    public Action? Resume { get; init; }
}
