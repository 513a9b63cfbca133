namespace HelloLiveUpdate;

/// <summary>The state of the machine beside its RAM and devices; typed, and carried by a state handler.</summary>
internal sealed class VmState
{
    public required string Name { get; init; }

    public required Vcpu[] Vcpus { get; init; }

    /// <summary>What the next generation compares with.</summary>
    public Checksums Expected { get; set; }

    /// <summary>When preserving began, for the next generation's timeline; the clock is that of the whole system.</summary>
    public long PreserveStarted { get; set; }

    public long PreserveEnded { get; set; }
}
