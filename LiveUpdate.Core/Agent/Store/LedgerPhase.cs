namespace LiveUpdate.Agent;

/// <summary>How far the request of a connection is.</summary>
internal enum LedgerPhase : uint
{
    /// <summary>There is none.</summary>
    Idle = 0,

    /// <summary>Its frame is being taken out of the socket: it may lie there still.</summary>
    Taking = 1,

    /// <summary>It was taken, and counts.</summary>
    Executing = 2,

    /// <summary>What becomes of it is certain; the answer may have been sent.</summary>
    Answered = 3,
}
