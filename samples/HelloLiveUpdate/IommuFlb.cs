using System.Runtime.InteropServices;
using LiveUpdate;
using LiveUpdate.Kho;

namespace HelloLiveUpdate;

/// <summary>
/// Carries the IOMMU's mappings: preserved with the first device that depends on it, rebuilt once, gone with the last device. The page
/// holds a count of 8 bytes, and the mappings behind it.
/// </summary>
internal sealed class IommuFlb() : Flb<Iommu>("iommu-v1")
{
    private const string Structure = "IOMMU page";
    private const int PageSize = 4096;
    private const int HeaderSize = sizeof(ulong);
    private const int MaxMappings = (PageSize - HeaderSize) / (3 * sizeof(ulong));

    private static readonly PageOwner s_owner = new("iommu-v1");

    /// <summary>The IOMMU of this generation, set before its devices are preserved.</summary>
    public Iommu? Current { get; set; }

    protected override void Preserve(ref FlbPreserveContext<Iommu> context)
    {
        Iommu iommu = Current ?? throw new LiveUpdateException(LiveUpdateError.NoDevice, "There is no IOMMU.");
        if (iommu.Mappings.Length > MaxMappings)
            throw new LiveUpdateException(LiveUpdateError.NoSpace, $"A page holds {MaxMappings} mappings.");
        PhysicalAddress address = context.Memory.AllocatePreserved(PageSize, s_owner);
        Span<byte> page = context.Memory.GetSpan(address, PageSize);
        MemoryMarshal.Write(page, (ulong)iommu.Mappings.Length);
        MemoryMarshal.AsBytes(iommu.Mappings).CopyTo(page[HeaderSize..]);
        context.Data = new DataHandle(address);
        context.Value = iommu;
    }

    protected override void Unpreserve(in FlbContext<Iommu> context) => context.Memory.FreePreserved(context.Data.Address);

    protected override void Verify(in FlbVerifyContext context) => Read(context.Memory, context.Data.Address);

    protected override Iommu Retrieve(ref FlbRetrieveContext context)
    {
        Iommu iommu = Read(context.Memory, context.Data.Address);
        context.Memory.TryRestoreAndFree(context.Data.Address);
        return iommu;
    }

    protected override void Finish(in FlbContext<Iommu> context)
    {
        // Nothing is left to release: the page was freed when it had been read.
    }

    // What comes from the generation before is checked before it is used.
    private static Iommu Read(KexecHandover memory, PhysicalAddress address)
    {
        ReadOnlySpan<byte> page = memory.GetIncomingSpan(address, PageSize, Structure);
        ulong count = MemoryMarshal.Read<ulong>(page);
        if (count is 0 or > MaxMappings)
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument, Structure, address, 0, $"1 to {MaxMappings} mappings", $"{count}");
        }

        return new Iommu(MemoryMarshal.Cast<byte, IommuMapping>(page[HeaderSize..])[..(int)count].ToArray());
    }
}
