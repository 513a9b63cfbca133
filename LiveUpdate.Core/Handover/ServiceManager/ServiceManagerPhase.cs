namespace LiveUpdate;

/// <summary>How far a hand-over to the service manager has come; for tests that let a process die there.</summary>
internal enum ServiceManagerPhase
{
    /// <summary>The manager answers, and nothing of an earlier hand-over is in the store.</summary>
    Connected,

    /// <summary>The descriptors were sent, the memory was not.</summary>
    Descriptors,

    /// <summary>The memory was sent, and nothing has been confirmed.</summary>
    Memory,

    /// <summary>The manager has taken all of it; nothing is frozen.</summary>
    Settled,

    /// <summary>Everything is frozen and written, and the last barrier is not sent.</summary>
    Frozen,

    /// <summary>The last barrier is answered: the commit is next.</summary>
    Answered,

    /// <summary>The hand-over is committed.</summary>
    Committed,
}
