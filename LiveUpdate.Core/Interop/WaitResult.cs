namespace LiveUpdate.Interop;

/// <summary>What ended a wait.</summary>
internal enum WaitResult
{
    /// <summary>The time was over.</summary>
    TimedOut = 0,

    /// <summary>The socket is ready, or at its end.</summary>
    Socket,

    /// <summary>The process has ended.</summary>
    Process,

    /// <summary>The wait was called off.</summary>
    Cancelled,
}
