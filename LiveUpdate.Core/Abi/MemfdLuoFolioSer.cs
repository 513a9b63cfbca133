using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The entry of a folio in the array of a memfd (reference 2.7). 16 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. The size of the folio is not here, the preserved-memory map knows it.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="PfnAndFlags"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Index"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
public struct MemfdLuoFolioSer
{
    /// <summary>Bits 0 to 51: the first page frame, 0 to skip this entry; above: the folio flags of <see cref="MemfdAbi"/>.</summary>
    public ulong PfnAndFlags;

    /// <summary>The position in the file, in pages.</summary>
    public ulong Index;
}
