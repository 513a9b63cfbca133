using System.Runtime.InteropServices;

namespace LiveUpdate.Agent;

/// <summary>The beginning of the ledger, 64 bytes; the tables follow, each from a page boundary on.</summary>
/// <remarks>
/// <code>
/// off  size  field
///   0     8  magic              "LUAGENT\0"
///   8     4  version            1
///  12     4  checksum           CRC-32C of bytes 0 to 31, this field as 0
///  16     4  connections        records of <see cref="LedgerConnection"/>
///  20     4  sessions           records of <see cref="LedgerSession"/>
///  24     4  files              records of <see cref="LedgerFile"/>
///  28     4  reserved           0
///  32     8  generation         how many updates there were
///  40     8  update             the update that was begun last, 0 for none
///  48     4  used_connections   records from here on were never used
///  52     4  used_sessions      the same
///  56     4  used_files         the same
///  60     4  settled            the lower half of the last generation whose clients were told
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct LedgerHeader
{
    /// <summary>The size of the header in bytes.</summary>
    public const int Size = 64;

    /// <summary>The size of its part that never changes.</summary>
    public const int ConstantSize = 32;

    /// <summary>The version this library writes and reads.</summary>
    public const uint CurrentVersion = 1;

    /// <summary>The magic number: <c>LUAGENT</c> in ASCII, little-endian.</summary>
    public const ulong MagicNumber = 0x0054_4E45_4741_554C;

    /// <summary><see cref="MagicNumber"/>.</summary>
    [FieldOffset(0)]
    public ulong Magic;

    /// <summary><see cref="CurrentVersion"/>.</summary>
    [FieldOffset(8)]
    public uint Version;

    /// <summary>CRC-32C of the constant part with this field as 0.</summary>
    [FieldOffset(12)]
    public uint Checksum;

    /// <summary>The records of the table of connections.</summary>
    [FieldOffset(16)]
    public uint Connections;

    /// <summary>The records of the table of sessions.</summary>
    [FieldOffset(20)]
    public uint Sessions;

    /// <summary>The records of the table of files.</summary>
    [FieldOffset(24)]
    public uint Files;

    /// <summary>How many updates there were: a session of an earlier generation is incoming.</summary>
    [FieldOffset(32)]
    public ulong Generation;

    /// <summary>The number of the update that was begun last, 0 for none.</summary>
    [FieldOffset(40)]
    public ulong Update;

    /// <summary>Connections from here on were never used.</summary>
    [FieldOffset(48)]
    public uint UsedConnections;

    /// <summary>Sessions from here on were never used.</summary>
    [FieldOffset(52)]
    public uint UsedSessions;

    /// <summary>Files from here on were never used.</summary>
    [FieldOffset(56)]
    public uint UsedFiles;

    /// <summary>
    /// The lower half of the last generation whose clients were told that there is one; another than that of <see cref="Generation"/> is left by
    /// a process that died in between.
    /// </summary>
    [FieldOffset(60)]
    public uint Settled;
}
