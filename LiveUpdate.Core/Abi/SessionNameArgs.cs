using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The argument of the two requests of the control device, create and retrieve session (reference 3.1). 72 bytes.</summary>
/// <remarks>
/// Naturally aligned, without padding.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 4</term><description><see cref="Size"/>: u32, in</description></item>
/// <item><term>4, 4</term><description><see cref="Fd"/>: s32, out</description></item>
/// <item><term>8, 64</term><description><see cref="Name"/>: text, in</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 72)]
public struct SessionNameArgs
{
    /// <summary>The size of the struct in bytes, as the caller knows it.</summary>
    public uint Size;

    /// <summary>The new descriptor of the session.</summary>
    public int Fd;

    /// <summary>The name, with its NUL.</summary>
    public Bytes64 Name;
}
