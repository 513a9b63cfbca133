using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>The blob of the library's own KHO subtree, <c>liveupdate-core</c>, 160 bytes.</summary>
/// <remarks>
/// What the kernel's <c>LUO</c> entry has no place for. Times are of the system's monotonic clock, in nanoseconds.
/// <code>
/// off  size  field
///   0     8  magic              "LUCORE\0\0"
///   8     4  version            1
///  12     4  checksum           CRC-32C of the 160 bytes, this field as 0
///  16     8  descriptors_pa     first block of the descriptor slots, 0 for none
///  24     8  descriptor_slots   entries there, the free ones included
///  32     8  names_pa           first block of the names of files, 0 for none
///  40     8  names_count        entries there, the free ones included
///  48     8  started            when the hand-over was asked for
///  56     8  frozen             when the gate was closed and the first file was to freeze
///  64     8  serialized         when the last file was frozen and serialization began
///  72     8  handed_over        when serialization ended
///  80     8  sessions           sessions handed over
///  88     8  files              files handed over
///  96     8  bytes              bytes of preserved memory handed over
/// 104     4  target             the way into the next generation, <see cref="LuoCoreTarget"/>
/// 108     4  trace_flags        W3C trace flags of the hand-over's activity, 0 for none
/// 112    16  trace_id           W3C trace id, in its byte order; 0 for none
/// 128     8  span_id            W3C span id, in its byte order; 0 for none
/// 136     8  carrier_pa         <see cref="CarrierSer"/> of a hand-over across a kernel, 0 for none
/// 144    16  reserved           0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = Size)]
public struct LuoCoreSer
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 160;

    /// <summary>The version this library writes and reads.</summary>
    public const uint CurrentVersion = 1;

    /// <summary>The magic number: <c>LUCORE</c> in ASCII, little-endian.</summary>
    public const ulong MagicNumber = 0x0000_4552_4F43_554C;

    /// <summary>The name of the subtree.</summary>
    public const string SubtreeName = "liveupdate-core";

    /// <summary><see cref="MagicNumber"/>.</summary>
    public ulong Magic;

    /// <summary><see cref="CurrentVersion"/>.</summary>
    public uint Version;

    /// <summary>CRC-32C of the record with this field as 0.</summary>
    public uint Checksum;

    /// <summary>First block of the descriptor slots, 0 for none.</summary>
    public ulong DescriptorsPa;

    /// <summary>Entries of the descriptor slots, the free ones included.</summary>
    public ulong DescriptorSlots;

    /// <summary>First block of the names of files, 0 for none.</summary>
    public ulong NamesPa;

    /// <summary>Entries of the names of files, the free ones included.</summary>
    public ulong NamesCount;

    /// <summary>When the hand-over was asked for, in nanoseconds.</summary>
    public long Started;

    /// <summary>When the first file was to freeze, in nanoseconds.</summary>
    public long Frozen;

    /// <summary>When serialization began, in nanoseconds.</summary>
    public long Serialized;

    /// <summary>When serialization ended, in nanoseconds.</summary>
    public long HandedOver;

    /// <summary>Sessions handed over.</summary>
    public ulong Sessions;

    /// <summary>Files handed over.</summary>
    public ulong Files;

    /// <summary>Bytes of preserved memory handed over.</summary>
    public ulong Bytes;

    /// <summary>The way into the next generation.</summary>
    public LuoCoreTarget Target;

    /// <summary>The trace flags of the hand-over's activity.</summary>
    public uint TraceFlags;

    /// <summary>The first eight bytes of its trace id.</summary>
    public ulong TraceIdStart;

    /// <summary>The last eight bytes of its trace id.</summary>
    public ulong TraceIdEnd;

    /// <summary>Its span id.</summary>
    public ulong SpanId;

    /// <summary>The record of what the kernel carries, 0 for none.</summary>
    public ulong CarrierPa;
}
