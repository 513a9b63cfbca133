namespace LiveUpdate.Tests.Faults;

/// <summary>What can fail in a life within one process.</summary>
internal enum FaultKind
{
    /// <summary>A callback of a handler or an FLB throws.</summary>
    Callback,

    /// <summary>No preserved memory is to be had.</summary>
    Allocation,

    /// <summary>No memory is to be had for the record of a session or a file.</summary>
    Record,
}
