using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The entry of a file in a file block (reference 2.4). 64 bytes, 63 to a block.</summary>
/// <remarks>
/// Packed, in the CPU's byte order.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 48</term><description><see cref="Compatible"/>: text</description></item>
/// <item><term>48, 8</term><description><see cref="Data"/>: u64</description></item>
/// <item><term>56, 8</term><description><see cref="Token"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 64)]
public struct LuoFileSer
{
    /// <summary>The compatible string of the handler, at most 47 bytes and NUL.</summary>
    public Bytes48 Compatible;

    /// <summary>The data handle after freeze.</summary>
    public ulong Data;

    /// <summary>The token that the user picked.</summary>
    public ulong Token;
}
