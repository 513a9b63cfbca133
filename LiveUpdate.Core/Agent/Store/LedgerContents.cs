namespace LiveUpdate.Agent;

/// <summary>What an earlier process left in a ledger: indices of records.</summary>
/// <param name="Connections">Connections, each with the phase in which it was found.</param>
/// <param name="Sessions">Sessions that are live or finished, in the order in which they were made.</param>
/// <param name="Files">Files that are preserved, in the order in which they were.</param>
/// <param name="DroppedConnections">Connections of sessions that are not there; free by now.</param>
/// <param name="DroppedSessions">Sessions that were being made; free by now.</param>
/// <param name="DroppedFiles">Files that were being preserved, or whose session is gone or finished; free by now.</param>
/// <remarks>What was dropped may lie in the store still, under its key.</remarks>
internal sealed record LedgerContents(
    IReadOnlyList<int> Connections,
    IReadOnlyList<int> Sessions,
    IReadOnlyList<int> Files,
    IReadOnlyList<int> DroppedConnections,
    IReadOnlyList<int> DroppedSessions,
    IReadOnlyList<int> DroppedFiles)
{
    /// <summary>What is in a new ledger.</summary>
    public static LedgerContents None { get; } = new([], [], [], [], [], []);
}
