namespace LiveUpdate.Agent;

/// <summary>What an agent says of itself.</summary>
/// <param name="Version">The version of the protocol that is spoken on this connection.</param>
/// <param name="ProcessId">The agent's process id, as it sees it.</param>
/// <param name="BackEnd">What an update replaces: <c>managed</c>, the agent's process, or <c>kernel</c>.</param>
/// <param name="KeepsState">Whether sessions outlive the agent's death: connections go on when it has come back.</param>
/// <param name="Generation">The number of the update that brought this generation; 0 for the first.</param>
public sealed record AgentInfo(int Version, int ProcessId, string BackEnd, bool KeepsState, ulong Generation);
