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
