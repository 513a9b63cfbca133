using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>
/// The library's own boot record, at the start of the first page of a region: what the boot protocol passes from kernel to kernel
/// (reference 2.8), between generations in a process. 96 bytes; the rest of the page is zero.
/// </summary>
/// <remarks>
/// Packed, in the CPU's byte order. All zero: nothing was handed over.
/// <list type="table">
/// <listheader><term>offset, size</term><description>field</description></listheader>
/// <item><term>0, 8</term><description><see cref="Magic"/>: u64</description></item>
/// <item><term>8, 4</term><description><see cref="Version"/>: u32</description></item>
/// <item><term>12, 4</term><description><see cref="Size"/>: u32</description></item>
/// <item><term>16, 8</term><description><see cref="MemoryBase"/>: u64</description></item>
/// <item><term>24, 8</term><description><see cref="MemoryLength"/>: u64</description></item>
/// <item><term>32, 32</term><description><see cref="Setup"/></description></item>
/// <item><term>64, 16</term><description><see cref="Scratch"/></description></item>
/// <item><term>80, 8</term><description><see cref="UsedPages"/>: u64</description></item>
/// <item><term>88, 4</term><description><see cref="Reserved"/>: u32</description></item>
/// <item><term>92, 4</term><description><see cref="Checksum"/>: u32</description></item>
/// </list>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 96)]
public struct KhoBootRecordSer
{
    /// <summary>The value of <see cref="Magic"/>: <c>LVUPBOOT</c> in memory.</summary>
    public const ulong MagicValue = 0x544F_4F42_5055_564C;

    /// <summary>The value of <see cref="Version"/>.</summary>
    public const uint CurrentVersion = 1;

    /// <summary><see cref="MagicValue"/>.</summary>
    public ulong Magic;

    /// <summary>The version of this record, <see cref="CurrentVersion"/>; another one is not read.</summary>
    public uint Version;

    /// <summary>The size of this record in bytes, 96.</summary>
    public uint Size;

    /// <summary>The address of the region's first byte.</summary>
    public ulong MemoryBase;

    /// <summary>The length of the region in bytes.</summary>
    public ulong MemoryLength;

    /// <summary>Where the device tree lies, and <see cref="Scratch"/>, as the boot protocol says it.</summary>
    public KhoSetupData Setup;

    /// <summary>The only scratch range: the page of this record, which is never preserved.</summary>
    public KhoScratchSer Scratch;

    /// <summary>How many pages, from the first, were ever in use: what lies behind them was never written.</summary>
    public ulong UsedPages;

    /// <summary>Zero.</summary>
    public uint Reserved;

    /// <summary>CRC-32C of the bytes before it.</summary>
    public uint Checksum;
}
