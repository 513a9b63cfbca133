using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>What the handler <c>memfd-fd-v1</c> hands over for a file. 32 bytes in a slot of a record pool.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. The file's data handle is the address of this record. The library's own: no kernel reads it.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Position"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Size"/>: u64</description></item>
/// <item><term>16, 4</term><description><see cref="Seals"/>: u32</description></item>
/// <item><term>20, 4</term><description><see cref="Slot"/>: s32</description></item>
/// <item><term>24, 4</term><description><see cref="Flags"/>: u32</description></item>
/// <item><term>28, 4</term><description><see cref="Reserved"/>: u32, 0</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 32)]
public struct MemfdFdSer
{
    /// <summary>The offset of the open file description when it was preserved, in bytes; the description itself has the one that counts.</summary>
    public ulong Position;

    /// <summary>The size of the file when it was preserved, in bytes.</summary>
    public ulong Size;

    /// <summary>The F_SEAL bits when it was preserved.</summary>
    public uint Seals;

    /// <summary>The slot in which the descriptor travels.</summary>
    public int Slot;

    /// <summary>The flags of <see cref="MemfdFdAbi"/>.</summary>
    public uint Flags;

    /// <summary>Always 0.</summary>
    public uint Reserved;
}
