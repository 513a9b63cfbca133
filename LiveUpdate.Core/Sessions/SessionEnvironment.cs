namespace LiveUpdate;

/// <summary>What all sessions of one orchestrator share.</summary>
internal sealed class SessionEnvironment
{
    public required FileEnvironment Files { get; init; }

    public required GenerationGate Gate { get; init; }

    /// <summary>
    /// Called when an incoming session has been finished, with the number of files that nobody had retrieved and the first of them.
    /// </summary>
    public Action<IncomingRecord, int, IReadOnlyList<SessionFile>>? Finished { get; init; }
}
