using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>What the x86 boot protocol passes in a setup-data item of type 10 (reference 2.8). 32 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="FdtAddress"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="FdtSize"/>: u64</description></item>
/// <item><term>16, 8</term><description><see cref="ScratchAddress"/>: u64</description></item>
/// <item><term>24, 8</term><description><see cref="ScratchSize"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 32)]
public struct KhoSetupData
{
    /// <summary>The address of the KHO root device tree.</summary>
    public ulong FdtAddress;

    /// <summary>Its size, in bytes.</summary>
    public ulong FdtSize;

    /// <summary>The address of the array of <see cref="KhoScratchSer"/> entries.</summary>
    public ulong ScratchAddress;

    /// <summary>Its size, in bytes.</summary>
    public ulong ScratchSize;
}
