using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The header of a typed state. 40 bytes, followed by <see cref="RangeCount"/> entries of <see cref="StateRangeSer"/>.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. Header and list lie in one preserved block; the file's data handle is its address. The bytes of the
/// state fill the ranges in the order of the list, without gaps; what is left of the last ones is unused. The library's own: no kernel
/// reads it.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Magic"/>: u64</description></item>
/// <item><term>8, 4</term><description><see cref="LayoutVersion"/>: u32</description></item>
/// <item><term>12, 4</term><description><see cref="StateVersion"/>: s32</description></item>
/// <item><term>16, 8</term><description><see cref="Length"/>: u64</description></item>
/// <item><term>24, 4</term><description><see cref="DataChecksum"/>: u32</description></item>
/// <item><term>28, 4</term><description><see cref="RangeCount"/>: u32</description></item>
/// <item><term>32, 4</term><description><see cref="HeaderChecksum"/>: u32</description></item>
/// <item><term>36, 4</term><description><see cref="Reserved"/>: u32, 0</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 40)]
public struct StateSer
{
    /// <summary><see cref="StateAbi.Magic"/>.</summary>
    public ulong Magic;

    /// <summary><see cref="StateAbi.LayoutVersion"/>.</summary>
    public uint LayoutVersion;

    /// <summary>The version of the state, as its formatter counts.</summary>
    public int StateVersion;

    /// <summary>The length of the state in bytes, at least 1.</summary>
    public ulong Length;

    /// <summary>CRC-32C of the bytes of the state.</summary>
    public uint DataChecksum;

    /// <summary>The number of entries in the list, at least 1.</summary>
    public uint RangeCount;

    /// <summary>CRC-32C of the 32 bytes before this field, and then of the list.</summary>
    public uint HeaderChecksum;

    /// <summary>Always 0.</summary>
    public uint Reserved;
}
