using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The blob <c>kexec-metadata</c> (reference 2.10). 73 bytes.</summary>
/// <remarks>
/// Packed: the last field is not aligned. In the CPU's byte order.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 4</term><description><see cref="Version"/>: u32</description></item>
/// <item><term>4, 65</term><description><see cref="PreviousRelease"/>: text</description></item>
/// <item><term>69, 4</term><description><see cref="KexecCount"/>: u32</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 73)]
public struct KexecMetadataSer
{
    /// <summary>The version, <see cref="KexecMetadataAbi.Version"/>.</summary>
    public uint Version;

    /// <summary>The release string of the kernel that wrote it, at most 64 bytes and NUL.</summary>
    public Bytes65 PreviousRelease;

    /// <summary>The number of kexecs since the cold boot.</summary>
    public uint KexecCount;
}
