namespace LiveUpdate;

/// <summary>How far a hand-over to a successor has come, on either side; for tests that let a process die there.</summary>
internal enum SuccessorPhase
{
    /// <summary>The stream is there.</summary>
    Connected,

    /// <summary>The hello was sent, or received and found good.</summary>
    Greeted,

    /// <summary>The memory file was sent or received.</summary>
    Memory,

    /// <summary>The first descriptors were sent or received.</summary>
    Descriptors,

    /// <summary>The descriptors were asked for or counted.</summary>
    Synchronized,

    /// <summary>Old side: everything is frozen and written, the go not sent.</summary>
    Frozen,

    /// <summary>The go was sent or received.</summary>
    Go,

    /// <summary>The successor has verified; on its side before it says so.</summary>
    Verified,

    /// <summary>New side: it has said so and waits for the commit.</summary>
    Waiting,

    /// <summary>The commit was written or received.</summary>
    Committed,

    /// <summary>New side: it has taken over; on the old side it has said so.</summary>
    Completed,
}
