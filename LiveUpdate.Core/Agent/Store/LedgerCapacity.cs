using LiveUpdate.Abi;

namespace LiveUpdate.Agent;

/// <summary>How much a ledger has room for, and where its tables lie.</summary>
/// <param name="Connections">Connections to both sockets, and sessions that are open.</param>
/// <param name="Sessions">Sessions, the parked ones included.</param>
/// <param name="Files">Preserved files.</param>
internal readonly record struct LedgerCapacity(int Connections, int Sessions, int Files)
{
    /// <summary>The most records of a table, so that each lies in one span.</summary>
    public const int Most = 1 << 20;

    /// <summary>Room for all that one agent is thought to have: 5.5 MiB of address space, of which only what is used is memory.</summary>
    public static LedgerCapacity Default => new(8_192, 16_384, 65_536);

    /// <summary>Whether each is in range.</summary>
    public bool IsValid => IsInRange(Connections) && IsInRange(Sessions) && IsInRange(Files);

    /// <summary>Where the table of connections begins.</summary>
    public static int ConnectionsOffset => LuoAbi.PageSize;

    /// <summary>Where the table of sessions begins.</summary>
    public int SessionsOffset => ConnectionsOffset + Pages(Connections, LedgerConnection.Size);

    /// <summary>Where the table of files begins.</summary>
    public int FilesOffset => SessionsOffset + Pages(Sessions, LedgerSession.Size);

    /// <summary>The length of the ledger in bytes.</summary>
    public int Length => FilesOffset + Pages(Files, LedgerFile.Size);

    private static bool IsInRange(int count) => count is > 0 and <= Most;

    private static int Pages(int count, int size) => ((count * size) + LuoAbi.PageSize - 1) & -LuoAbi.PageSize;
}
