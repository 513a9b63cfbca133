using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The files of a session (reference 2.4). 16 bytes.</summary>
/// <remarks>
/// Packed, in the CPU's byte order. Both fields are 0 for a session without files.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="FilesAddress"/>: u64</description></item>
/// <item><term>8, 8</term><description><see cref="Count"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
public struct LuoFileSetSer
{
    /// <summary>The address of the first file block; 0 without files.</summary>
    public ulong FilesAddress;

    /// <summary>The number of files in all blocks.</summary>
    public ulong Count;
}
