namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What a <see cref="PlantedTarget"/> does wrong.</summary>
internal enum PlantedFault
{
    /// <summary>It reads one byte behind its input.</summary>
    Overrun,

    /// <summary>It reads one byte before its input.</summary>
    Underrun,

    /// <summary>It goes on for ever.</summary>
    Hang,

    /// <summary>It allocates what an input says.</summary>
    Allocation,
}
