namespace LiveUpdate;

/// <summary>What all sessions of one orchestrator share.</summary>
internal sealed class SessionEnvironment
{
    public required FileEnvironment Files { get; init; }

    public required GenerationGate Gate { get; init; }
}
