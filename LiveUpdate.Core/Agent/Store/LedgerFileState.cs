namespace LiveUpdate.Agent;

/// <summary>How far a preserved file of the ledger is.</summary>
internal enum LedgerFileState : uint
{
    /// <summary>Nothing; the record can be used.</summary>
    Free = 0,

    /// <summary>Being preserved: there as soon as the request that preserves it is answered with 0.</summary>
    Tentative = 1,

    /// <summary>Preserved.</summary>
    Live = 2,

    /// <summary>Preserved, come with an update, and retrieved.</summary>
    Retrieved = 3,
}
