using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>A range of scratch memory, in which the next kernel boots and nothing is preserved (reference 2.8). 16 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Address"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Size"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
public struct KhoScratchSer
{
    /// <summary>The first byte of the range.</summary>
    public ulong Address;

    /// <summary>The size of the range, in bytes.</summary>
    public ulong Size;
}
