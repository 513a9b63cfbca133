using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The header of a block: one page with an array of entries of one size (reference 2.3). 16 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. The entries follow at once, tightly packed.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="NextAddress"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Count"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
public struct KhoBlockHeaderSer
{
    /// <summary>The address of the next block; 0 in the last.</summary>
    public ulong NextAddress;

    /// <summary>How many entries of this block are valid; at least 1 in an image (reference A-21).</summary>
    public ulong Count;
}
