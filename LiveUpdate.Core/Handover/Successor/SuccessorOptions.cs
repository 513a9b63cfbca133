namespace LiveUpdate;

/// <summary>Which process <see cref="HandoverTarget.Successor"/> hands over to, and how long each phase may take.</summary>
public sealed class SuccessorOptions
{
    /// <summary>The program to start. Null, the default, is this one, as in <see cref="ExecOptions.Path"/>.</summary>
    public string? Path { get; init; }

    /// <summary>The arguments for <c>Main</c>, as in <see cref="ExecOptions.Arguments"/>. Null for this process's.</summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>The environment. Null is this process's as it is now. The library adds a variable of its own.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>
    /// Where to listen for a successor that somebody else starts, instead of starting one: the path of a Unix socket that does not exist
    /// yet. The
    /// file is for this user alone and is removed when the hand-over ends.
    /// </summary>
    /// <remarks>
    /// Whoever connects must run as this user and know <see cref="Secret"/>; another one is turned away and the wait goes on. The
    /// successor boots
    /// with <see cref="LiveUpdateOptions.Predecessor"/>.
    /// </remarks>
    public string? ListenPath { get; init; }

    /// <summary>The secret that the successor must know; good for one successor. Required with <see cref="ListenPath"/>.</summary>
    public string? Secret { get; init; }

    /// <summary>
    /// Called once the successor is warm and holds memory and descriptors, before anything is frozen: bring the program to rest here, so
    /// that what must not change after the freeze does not. Null, the default, where each handler's <c>Freeze</c> sees to that.
    /// </summary>
    /// <remarks>
    /// <para>Runs on the thread of the hand-over and may wait; it should be short, since clients wait with it. Sessions can still be used:
    /// what came meanwhile is preserved here. The token is that of the hand-over, and its cancellation should end the wait.</para>
    /// <para>What it throws calls the hand-over off, is followed by <see cref="Resume"/>, and reaches the caller.</para>
    /// </remarks>
    public Action<CancellationToken>? Quiesce { get; init; }

    /// <summary>
    /// Takes <see cref="Quiesce"/> back: called when the hand-over was called off after that had begun, also if it threw. The successor has
    /// ended by then, everything is unfrozen, and sessions can be used.
    /// </summary>
    /// <remarks>
    /// Runs on the thread of the hand-over, before it throws. What this throws cannot refuse anything any more: it goes to
    /// <see cref="LiveUpdateOrchestrator.CleanupErrors"/>. Not called after the commit, even if the successor ends right then.
    /// </remarks>
    public Action? Resume { get; init; }

    /// <summary>From the start until the successor has booted its program and said what it can retrieve; 60 seconds unless set.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// For memory and descriptors, while this process still runs, and for each one that comes or goes later; 30 seconds unless set.
    /// </summary>
    public TimeSpan TransferTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the go until the successor has booted and verified: within the pause; 10 seconds unless set.</summary>
    /// <remarks>After the commit nothing is timed: only the successor's word, or its death, ends the wait.</remarks>
    public TimeSpan VerifyTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
