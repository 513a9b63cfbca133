namespace LiveUpdate.Agent;

/// <summary>How far a session of the ledger is.</summary>
internal enum LedgerSessionState : uint
{
    /// <summary>Nothing; the record can be used.</summary>
    Free = 0,

    /// <summary>Being made: an agent that dies now has not made it.</summary>
    Tentative = 1,

    /// <summary>There.</summary>
    Live = 2,

    /// <summary>There, and finished: its files are gone, or go.</summary>
    Finished = 3,
}
