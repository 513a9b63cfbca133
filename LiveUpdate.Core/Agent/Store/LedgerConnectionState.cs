namespace LiveUpdate.Agent;

/// <summary>What a connection record of the ledger stands for.</summary>
internal enum LedgerConnectionState : uint
{
    /// <summary>Nothing; the record can be used.</summary>
    Free = 0,

    /// <summary>A connection to the device socket.</summary>
    Device = 1,

    /// <summary>The agent's end of a session.</summary>
    Session = 2,

    /// <summary>A connection to the update socket.</summary>
    Update = 3,
}
