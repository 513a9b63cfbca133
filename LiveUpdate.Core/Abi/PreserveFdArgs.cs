using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The argument of <see cref="LiveUpdateIoctl.PreserveFd"/> (reference 3.1). 16 bytes.</summary>
/// <remarks>
/// Naturally aligned, without padding.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 4</term><description><see cref="Size"/>: u32, in</description></item>
/// <item><term>4, 4</term><description><see cref="Fd"/>: s32, in</description></item>
/// <item><term>8, 8</term><description><see cref="Token"/>: u64, in</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public struct PreserveFdArgs
{
    /// <summary>The size of the struct in bytes, as the caller knows it.</summary>
    public uint Size;

    /// <summary>The descriptor to preserve.</summary>
    public int Fd;

    /// <summary>The token that names it.</summary>
    public ulong Token;
}
