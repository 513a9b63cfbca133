using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The header of the FLB page (reference 2.5). 16 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. The <see cref="LuoFlbSer"/> entries follow at once.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="PageCount"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Count"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
public struct LuoFlbHeaderSer
{
    /// <summary>The number of pages, always 1.</summary>
    public ulong PageCount;

    /// <summary>How many entries are valid, at most 63; 0 before freeze.</summary>
    public ulong Count;
}
