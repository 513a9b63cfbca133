namespace LiveUpdate.Tests.Faults;

/// <summary>Where one side of an FLB stands between two callbacks.</summary>
internal enum FlbPhase
{
    /// <summary>Nothing holds it, or nothing of it was handed over.</summary>
    Idle,

    /// <summary>Outgoing: preserved.</summary>
    Held,

    /// <summary>Incoming: handed over, and not retrieved.</summary>
    Dormant,

    /// <summary>Incoming: retrieved.</summary>
    Live,

    /// <summary>Incoming: its one retrieve failed.</summary>
    Failed,

    /// <summary>Incoming: finished.</summary>
    Finished,
}
