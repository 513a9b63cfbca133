using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>
/// What a hand-over across a kernel adds to <see cref="LuoCoreSer"/>, 64 bytes: which sessions of the kernel carry the descriptors.
/// </summary>
/// <remarks>
/// <code>
/// off  size  field
///   0     8  magic            "LUKERNEL"
///   8     4  version          1
///  12     4  checksum         CRC-32C of the 64 bytes, this field as 0
///  16     8  sessions_pa      first block of <see cref="CarriedSessionSer"/>, 0 for none
///  24     8  sessions_count   entries there
///  32     8  realtime         when serialization ended by the system's real-time clock, in nanoseconds since 1970
///  40    24  reserved         0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = Size)]
public struct CarrierSer
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 64;

    /// <summary>The version this library writes and reads.</summary>
    public const uint CurrentVersion = 1;

    /// <summary>The magic number: <c>LUKERNEL</c> in ASCII, little-endian.</summary>
    public const ulong MagicNumber = 0x4C45_4E52_454B_554C;

    /// <summary><see cref="MagicNumber"/>.</summary>
    public ulong Magic;

    /// <summary><see cref="CurrentVersion"/>.</summary>
    public uint Version;

    /// <summary>CRC-32C of the record with this field as 0.</summary>
    public uint Checksum;

    /// <summary>First block of the table of sessions, 0 for none.</summary>
    public ulong SessionsPa;

    /// <summary>Entries of the table.</summary>
    public ulong SessionsCount;

    /// <summary>When serialization ended, by the real-time clock; the monotonic one starts anew with the next kernel.</summary>
    public long Realtime;
}
