using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The descriptor of an array that lies in scattered preserved pages (reference 2.7). 16 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. All zero for no array.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="FirstAddress"/>: u64</description></item>
/// <item><term>8, 4</term><description><see cref="TotalPages"/>: u32</description></item>
/// <item><term>12, 2</term><description><see cref="Flags"/>: u16</description></item>
/// <item><term>14, 2</term><description><see cref="Order"/>: u16</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
public struct KhoVmallocSer
{
    /// <summary>The address of the first chunk; 0 for none.</summary>
    public ulong FirstAddress;

    /// <summary>The number of 4096-byte pages of the array.</summary>
    public uint TotalPages;

    /// <summary>The vmalloc flags of <see cref="KhoAbi"/>; unknown bits are ignored (reference A-51).</summary>
    public ushort Flags;

    /// <summary>Each address in a chunk stands for 2^order pages.</summary>
    public ushort Order;
}
