using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The head of a page of small records, a structure of the library's own. 64 bytes; the slots follow.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. A slot is a record, rounded up to 8 bytes; at most 64 in a page.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Magic"/>: u64</description></item>
/// <item><term>8, 4</term><description><see cref="RecordSize"/>: u32</description></item>
/// <item><term>12, 4</term><description><see cref="Reserved"/>: u32</description></item>
/// <item><term>16, 8</term><description><see cref="Used"/>: u64</description></item>
/// <item><term>24, 40</term><description>zero</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = HeaderSize)]
public struct RecordPoolHeaderSer
{
    /// <summary>The size of this header in bytes, the offset of the first slot.</summary>
    public const int HeaderSize = 64;

    /// <summary>The offset of <see cref="Used"/> in bytes.</summary>
    public const int UsedOffset = 16;

    /// <summary>The value of <see cref="Magic"/>: <c>LVUPRECS</c> in memory.</summary>
    public const ulong MagicValue = 0x5343_4552_5055_564C;

    /// <summary><see cref="MagicValue"/>.</summary>
    public ulong Magic;

    /// <summary>The size of a record in bytes, without what rounds it up.</summary>
    public uint RecordSize;

    /// <summary>Zero.</summary>
    public uint Reserved;

    /// <summary>Bit n: slot n holds a record.</summary>
    public ulong Used;
}
