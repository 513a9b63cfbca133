namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>What a process enters in the ledger.</summary>
internal enum LedgerEvent
{
    /// <summary>It acts as the owner from here on, and has the lock.</summary>
    Begins,

    /// <summary>The owner begins a hand-over, the round of its number.</summary>
    Tries,

    /// <summary>The owner has stopped acting, and gives the lock up.</summary>
    Freezes,

    /// <summary>It acts again, and has the lock again.</summary>
    Thaws,

    /// <summary>The go is written.</summary>
    SaysGo,

    /// <summary>The commit is written.</summary>
    Commits,

    /// <summary>The hand-over was called off.</summary>
    CalledOff,

    /// <summary>The hand-over is done.</summary>
    HandedOver,

    /// <summary>The hand-over was committed, and the new generation ended.</summary>
    Lost,

    /// <summary>It dies now, as the plan of the round says.</summary>
    Dies,

    /// <summary>It was to be a successor, and is none.</summary>
    TurnedAway,

    /// <summary>Every round has been played, and the owner ends.</summary>
    Ends,

    /// <summary>The referee has seen the end of every process.</summary>
    AllEnded,

    /// <summary>Something that must never happen.</summary>
    Fault,
}
