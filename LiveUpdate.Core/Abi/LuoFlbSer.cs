using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The entry of a file-lifecycle-bound object in the FLB page (reference 2.5). 64 bytes, 63 to the page.</summary>
/// <remarks>
/// Packed, in the CPU's byte order.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 48</term><description><see cref="Name"/>: text</description></item>
/// <item><term>48, 8</term><description><see cref="Data"/>: u64</description></item>
/// <item><term>56, 8</term><description><see cref="Count"/>: u64</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 64)]
public struct LuoFlbSer
{
    /// <summary>The compatible string of the FLB, at most 47 bytes and NUL.</summary>
    public Bytes48 Name;

    /// <summary>The data handle from the FLB's preserve callback.</summary>
    public ulong Data;

    /// <summary>The reference count at freeze, at least 1.</summary>
    public ulong Count;
}
