using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace HelloLiveUpdate;

/// <summary>What devices may touch: state that all of them share, and that must live as long as any of them.</summary>
internal sealed class Iommu(IommuMapping[] mappings)
{
    private const int Windows = 64;
    private const ulong FirstDeviceAddress = 0x8000_0000;

    public ReadOnlySpan<IommuMapping> Mappings => mappings;

    /// <summary>Maps all of guest RAM, in windows and in reverse order.</summary>
    public static Iommu MapAll(long ramLength)
    {
        ulong window = (ulong)ramLength / Windows;
        var mappings = new IommuMapping[Windows];
        for (int i = 0; i < Windows; i++)
            mappings[i] = new IommuMapping(FirstDeviceAddress + ((ulong)i * window), (ulong)(Windows - 1 - i) * window, window);
        return new Iommu(mappings);
    }

    public ulong ComputeChecksum() => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(Mappings));
}
