using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The argument of <see cref="LiveUpdateIoctl.GetName"/> (reference 3.1). 72 bytes.</summary>
/// <remarks>
/// Naturally aligned, without padding.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 4</term><description><see cref="Size"/>: u32, in</description></item>
/// <item><term>4, 4</term><description><see cref="Reserved"/>: u32, in</description></item>
/// <item><term>8, 64</term><description><see cref="Name"/>: text, out</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 72)]
public struct GetNameArgs
{
    /// <summary>The size of the struct in bytes, as the caller knows it.</summary>
    public uint Size;

    /// <summary>Must be 0 (reference U-31).</summary>
    public uint Reserved;

    /// <summary>The name of the session, with its NUL.</summary>
    public Bytes64 Name;
}
