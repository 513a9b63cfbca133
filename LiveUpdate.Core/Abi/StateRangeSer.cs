using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>A range that holds a part of a typed state: an entry of the list after <see cref="StateSer"/>. 16 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Address"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Length"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
public struct StateRangeSer
{
    /// <summary>The address of a preserved block.</summary>
    public ulong Address;

    /// <summary>Its length in bytes: a page times a power of two, at most 4 MiB.</summary>
    public ulong Length;
}
