using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Serialization;

namespace LiveUpdate.Agent;

/// <summary>What a ledger that another process wrote must be, record by record.</summary>
/// <remarks>
/// Trusted only as far as it is checked here: whatever lies in it, reading it ends, and nothing outside its tables is touched.
/// </remarks>
internal static class LedgerReader
{
    private const int MaxErrno = 4095;

    // So many are never made, and many more can be counted.
    private const ulong MaxSequence = 1UL << 62;

    /// <summary>Writes the header of an empty ledger, the magic number last.</summary>
    public static void Begin(ref LedgerHeader header, LedgerCapacity capacity)
    {
        var constant = new LedgerHeader
        {
            Magic = LedgerHeader.MagicNumber,
            Version = LedgerHeader.CurrentVersion,
            Connections = (uint)capacity.Connections,
            Sessions = (uint)capacity.Sessions,
            Files = (uint)capacity.Files,
        };
        constant.Checksum = ChecksumOf(constant);
        header = constant with { Magic = 0 };
        Volatile.Write(ref header.Magic, constant.Magic);
    }

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="LiveUpdateImageException">It is none, or of another version, or not that of a ledger of this length.</exception>
    public static LedgerCapacity ReadHeader(ReadOnlySpan<byte> bytes, long length)
    {
        LedgerHeader header = MemoryMarshal.Read<LedgerHeader>(bytes);
        if (header.Magic != LedgerHeader.MagicNumber)
            throw BadHeader(0, $"magic 0x{LedgerHeader.MagicNumber:x}", $"0x{header.Magic:x}");
        if (header.Version != LedgerHeader.CurrentVersion)
            throw BadHeader(8, $"version {LedgerHeader.CurrentVersion}", $"{header.Version}");
        if (header.Checksum != ChecksumOf(header))
            throw BadHeader(12, $"checksum 0x{ChecksumOf(header):x}", $"0x{header.Checksum:x}");
        var capacity = new LedgerCapacity(ToCount(header.Connections), ToCount(header.Sessions), ToCount(header.Files));
        if (!capacity.IsValid || capacity.Length != length)
            throw BadHeader(16, $"tables that fill {length} bytes", $"{header.Connections}, {header.Sessions} and {header.Files} records");
        CheckUsed(48, header.UsedConnections, header.Connections);
        CheckUsed(52, header.UsedSessions, header.Sessions);
        CheckUsed(56, header.UsedFiles, header.Files);
        return capacity;
    }

    /// <summary>Whether bytes are the name of a session.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) => name.Length is > 0 and <= SessionName.MaxLength && !name.Contains((byte)0);

    /// <summary>Checks a session that is there.</summary>
    /// <exception cref="LiveUpdateImageException">A field is out of range.</exception>
    public static void Check(int index, in LedgerSession session, in LedgerHeader header)
    {
        if (session.State > LedgerSessionState.Finished)
            throw Bad("session", index, 0, "a state of 0 to 3", session.RawState);
        if (session.State is LedgerSessionState.Free or LedgerSessionState.Tentative)
            return;
        if (session.Generation > header.Generation)
            throw Bad("session", index, 8, $"a generation up to {header.Generation}", session.Generation);
        if (session.Connection < -1 || session.Connection >= header.UsedConnections)
            throw Bad("session", index, 16, $"-1, or a connection below {header.UsedConnections}", session.Connection);
        if (session.NameLength is < 1 or > SessionName.MaxLength)
            throw Bad("session", index, 20, $"a name of 1 to {SessionName.MaxLength} bytes", session.NameLength);
        if (!IsName(session.Name))
            throw Bad("session", index, 24, "a name without a NUL", SessionName.Decode(session.Name));
        if (session.Sequence > MaxSequence)
            throw Bad("session", index, 88, $"a sequence up to {MaxSequence}", session.Sequence);
    }

    /// <summary>Checks a connection by itself.</summary>
    /// <exception cref="LiveUpdateImageException">A field is out of range.</exception>
    public static void Check(int index, in LedgerConnection connection, in LedgerHeader header)
    {
        if (connection.State > LedgerConnectionState.Update)
            throw Bad("connection", index, 0, "a state of 0 to 3", connection.RawState);
        if (connection.State == LedgerConnectionState.Free)
            return;
        if (connection.Phase > LedgerPhase.Answered)
            throw Bad("connection", index, 8, "a phase of 0 to 3", (uint)connection.Phase);
        if (connection.Phase == LedgerPhase.Answered && connection.Errno is < 0 or > MaxErrno)
            throw Bad("connection", index, 20, $"an errno of 0 to {MaxErrno}", connection.Errno);
        bool isSession = connection.State == LedgerConnectionState.Session;
        if (isSession ? (uint)connection.Session >= header.UsedSessions : connection.Session != -1)
            throw Bad("connection", index, 24, isSession ? $"a session below {header.UsedSessions}" : "no session, -1", connection.Session);
        if (connection.File < -1 || connection.File >= (isSession ? (int)header.UsedFiles : 0))
            throw Bad("connection", index, 28, isSession ? $"-1, or a file below {header.UsedFiles}" : "no file, -1", connection.File);
    }

    /// <summary>Checks a file by itself.</summary>
    /// <exception cref="LiveUpdateImageException">A field is out of range.</exception>
    public static void Check(int index, in LedgerFile file, in LedgerHeader header)
    {
        if (file.State > LedgerFileState.Retrieved)
            throw Bad("file", index, 0, "a state of 0 to 3", file.RawState);
        if (file.State != LedgerFileState.Free && (uint)file.Session >= header.UsedSessions)
            throw Bad("file", index, 4, $"a session below {header.UsedSessions}", file.Session);
        if (file.State != LedgerFileState.Free && file.Sequence > MaxSequence)
            throw Bad("file", index, 24, $"a sequence up to {MaxSequence}", file.Sequence);
    }

    /// <summary>The exception for a field of a record.</summary>
    public static LiveUpdateImageException Bad(string table, int index, int offset, string expected, IConvertible found) => new(
        LiveUpdateError.InvalidArgument,
        string.Create(CultureInfo.InvariantCulture, $"agent's ledger, {table} {index}"),
        PhysicalAddress.None,
        offset,
        expected,
        found.ToString(CultureInfo.InvariantCulture));

    private static LiveUpdateImageException BadHeader(int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, "agent's ledger, header", PhysicalAddress.None, offset, expected, found);

    private static void CheckUsed(int offset, uint used, uint capacity)
    {
        if (used > capacity)
            throw BadHeader(offset, $"at most {capacity} records that were used", $"{used}");
    }

    private static int ToCount(uint value) => value <= int.MaxValue ? (int)value : -1;

    private static uint ChecksumOf(LedgerHeader header)
    {
        header.Checksum = 0;
        return Crc32C.Of(MemoryMarshal.AsBytes(new ReadOnlySpan<LedgerHeader>(in header))[..LedgerHeader.ConstantSize]);
    }
}
