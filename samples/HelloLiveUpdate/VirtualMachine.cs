namespace HelloLiveUpdate;

/// <summary>The guest: RAM, vCPUs, and two devices behind one IOMMU.</summary>
internal sealed class VirtualMachine(GuestRam ram, VmState state, IReadOnlyList<PassthroughDevice> devices, Iommu iommu) : IDisposable
{
    private const int Vcpus = 4;

    public GuestRam Ram { get; } = ram;

    public VmState State { get; } = state;

    public IReadOnlyList<PassthroughDevice> Devices { get; } = devices;

    public Iommu Iommu { get; } = iommu;

    /// <summary>A new machine, its RAM full of a pattern.</summary>
    public static VirtualMachine Start(int ramMiB, bool inMemfd)
    {
        GuestRam ram = GuestRam.Create((long)ramMiB << 20, inMemfd);
        Screen.WithProgress("Filling guest RAM with a pattern", ram.Length, ram.Fill);
        var state = new VmState { Name = "vm-42", Vcpus = [.. Enumerable.Range(0, Vcpus).Select(Vcpu.Reset)] };
        var machine = new VirtualMachine(ram, state, [new("net0", 7), new("disk0", 11)], Iommu.MapAll(ram.Length));
        Screen.Say($"Started {state.Name}: {ramMiB} MiB of RAM, {Vcpus} vCPUs, {machine.Devices.Count} devices behind one IOMMU.");
        return machine;
    }

    /// <summary>The guest computes, writes to its RAM and uses its devices.</summary>
    public void RunGuest()
    {
        foreach (Vcpu vcpu in State.Vcpus)
            vcpu.Run(Ram);
        foreach (PassthroughDevice device in Devices)
            device.Interrupts += 1000;
        Screen.Say($"The guest ran: {State.Vcpus[0].Instructions} instructions on each vCPU so far.");
    }

    /// <summary>The vCPUs stand still: notes the checksums of everything.</summary>
    public void Seal()
    {
        State.Expected = ComputeChecksums("Checksum of guest RAM before the update");
        Screen.Say($"Before: {State.Expected}");
    }

    /// <summary>Compares everything with what was noted before the update.</summary>
    /// <exception cref="LostStateException">Something differs.</exception>
    public void Verify()
    {
        Checksums found = ComputeChecksums("Checksum of guest RAM after the update");
        Screen.Say($"After:  {found}");
        if (found != State.Expected)
            throw new LostStateException($"The update changed the guest: {State.Expected} before, {found} after.");
        Screen.Succeed("Every checksum matches.");
    }

    public void Dispose() => Ram.Dispose();

    private Checksums ComputeChecksums(string title) => new(
        Screen.WithProgress(title, Ram.Length, Ram.ComputeChecksum),
        Vcpu.ComputeChecksum(State.Vcpus),
        PassthroughDevice.ComputeChecksum(Devices),
        Iommu.ComputeChecksum());
}
