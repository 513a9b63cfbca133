namespace HelloLiveUpdate;

/// <summary>What must be the same before and after an update.</summary>
internal readonly record struct Checksums(ulong Ram, ulong Vcpus, ulong Devices, ulong Iommu)
{
    public override string ToString() => $"RAM {Ram:x16}, vCPUs {Vcpus:x16}, devices {Devices:x16}, IOMMU {Iommu:x16}";
}
