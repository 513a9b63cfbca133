using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The root record of a handover: KHO entry <c>LUO</c> (reference 2.2). 32 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order (reference ). The rest of its page is zero.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Compatible"/>: <c>luo-v5</c> and NUL</description></item>
/// <item><term>8, 8</term><description><see cref="LiveUpdateNumber"/>: u64</description></item>
/// <item><term>16, 8</term><description><see cref="SessionsAddress"/>: u64</description></item>
/// <item><term>24, 8</term><description><see cref="FlbsAddress"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 32)]
public struct LuoSer
{
    /// <summary>The version of every LUO structure, <see cref="LuoAbi.Compatible"/>.</summary>
    public Bytes8 Compatible;

    /// <summary>The number of this handover, 1 in the first (reference A-12).</summary>
    public ulong LiveUpdateNumber;

    /// <summary>The address of the first session block; 0 if there is no session.</summary>
    public ulong SessionsAddress;

    /// <summary>The address of the FLB page; 0 if there is none.</summary>
    public ulong FlbsAddress;
}
