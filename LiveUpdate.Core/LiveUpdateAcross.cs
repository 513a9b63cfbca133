namespace LiveUpdate;

/// <summary>What the updates of an orchestrator replace; fixed at boot.</summary>
public enum LiveUpdateAcross
{
    /// <summary>The process: preserved memory and descriptors go from one process to the next, under one kernel.</summary>
    Process = 0,

    /// <summary>
    /// The kernel: preserved memory and memfds travel in sessions of <c>/dev/liveupdate</c> through a kexec. Other descriptors are refused
    /// when they are preserved.
    /// </summary>
    Kernel = 1,
}
