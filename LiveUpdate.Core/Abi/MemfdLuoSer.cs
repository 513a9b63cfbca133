using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>What the handler <c>memfd-v2</c> hands over for a file (reference 2.7). 48 bytes in a page of its own.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. The file's data handle is the address of this record.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Position"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Size"/>: u64</description></item>
/// <item><term>16, 4</term><description><see cref="Seals"/>: u32</description></item>
/// <item><term>20, 4</term><description><see cref="Flags"/>: u32</description></item>
/// <item><term>24, 8</term><description><see cref="FolioCount"/>: u64</description></item>
/// <item><term>32, 16</term><description><see cref="Folios"/>: <see cref="KhoVmallocSer"/></description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 48)]
public struct MemfdLuoSer
{
    /// <summary>The offset of the open file description, in bytes.</summary>
    public ulong Position;

    /// <summary>The size of the file, in bytes.</summary>
    public ulong Size;

    /// <summary>The F_SEAL bits of <see cref="MemfdAbi"/>.</summary>
    public uint Seals;

    /// <summary>Written as 0, ignored by readers (reference M-28).</summary>
    public uint Flags;

    /// <summary>The number of entries in the folio array; 0 for an empty file.</summary>
    public ulong FolioCount;

    /// <summary>The folio array; all zero for an empty file.</summary>
    public KhoVmallocSer Folios;
}
