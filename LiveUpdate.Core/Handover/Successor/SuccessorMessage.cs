namespace LiveUpdate;

/// <summary>The kinds of messages between a process and its successor, by the number in the header (docs/handover.md).</summary>
internal enum SuccessorMessage : ushort
{
    /// <summary>Not a message.</summary>
    None = 0,

    /// <summary>From the successor: versions, the secret, and what it can retrieve.</summary>
    Hello = 1,

    /// <summary>To the successor: it is not taken, and why.</summary>
    Refused = 2,

    /// <summary>To the successor: the memory file beside it.</summary>
    Memory = 3,

    /// <summary>To the successor: the numbers of slots, their descriptors beside it.</summary>
    Descriptors = 4,

    /// <summary>To the successor: a slot whose descriptor is to be closed now.</summary>
    Close = 5,

    /// <summary>From the successor: it is closed.</summary>
    Closed = 6,

    /// <summary>To the successor: a question for the number of descriptors it holds.</summary>
    Synchronize = 7,

    /// <summary>From the successor: that number.</summary>
    Synchronized = 8,

    /// <summary>To the successor: everything is frozen and written; boot and verify.</summary>
    Go = 9,

    /// <summary>From the successor: booted and verified; it will be the owner.</summary>
    Verified = 10,

    /// <summary>From the successor: it cannot go on, and why.</summary>
    Failed = 11,

    /// <summary>To the successor: it is the owner now. Writing this is the point of no return.</summary>
    Commit = 12,

    /// <summary>From the successor: it has taken over.</summary>
    Committed = 13,
}
