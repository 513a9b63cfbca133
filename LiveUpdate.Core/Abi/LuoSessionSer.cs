using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The entry of a session in a session block (reference 2.4). 80 bytes, 51 to a block.</summary>
/// <remarks>
/// Packed, in the CPU's byte order.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 64</term><description><see cref="Name"/>: text</description></item>
/// <item><term>64, 16</term><description><see cref="FileSet"/>: <see cref="LuoFileSetSer"/></description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 80)]
public struct LuoSessionSer
{
    /// <summary>The name, at most 63 bytes and NUL.</summary>
    public Bytes64 Name;

    /// <summary>The files of the session.</summary>
    public LuoFileSetSer FileSet;
}
