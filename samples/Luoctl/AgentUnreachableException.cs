namespace LiveUpdate.Samples.Luoctl;

/// <summary>No agent answers.</summary>
internal sealed class AgentUnreachableException(LiveUpdateException cause) : Exception(cause.Message, cause);
