using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>Writes and reads the library's own record beside the kernel's (<see cref="LuoCoreSer"/>).</summary>
internal static class CoreRecord
{
    /// <summary>Writes the record with its checksum; allocates nothing.</summary>
    public static void Write(Span<byte> destination, LuoCoreSer record)
    {
        (record.Magic, record.Version, record.Checksum) = (LuoCoreSer.MagicNumber, LuoCoreSer.CurrentVersion, 0);
        record.Checksum = Checksum(record);
        MemoryMarshal.Write(destination, record);
    }

    /// <summary>Reads a record, from a copy of its bytes.</summary>
    /// <exception cref="LiveUpdateImageException">It is too short, of another version, or its checksum is wrong.</exception>
    public static LuoCoreSer Read(ReadOnlySpan<byte> source, PhysicalAddress address)
    {
        if (source.Length < LuoCoreSer.Size)
            throw Bad(0, $"at least {LuoCoreSer.Size} bytes", source.Length.ToString(CultureInfo.InvariantCulture));
        LuoCoreSer record = MemoryMarshal.Read<LuoCoreSer>(source);
        if (record.Magic != LuoCoreSer.MagicNumber)
            throw Bad(0, $"0x{LuoCoreSer.MagicNumber:x}", $"0x{record.Magic:x}");
        if (record.Version != LuoCoreSer.CurrentVersion)
            throw Bad(8, $"version {LuoCoreSer.CurrentVersion}", $"{record.Version}");
        uint checksum = record.Checksum;
        record.Checksum = 0;
        uint expected = Checksum(record);
        return checksum == expected ? record : throw Bad(12, $"checksum 0x{expected:x8}", $"0x{checksum:x8}");

        LiveUpdateImageException Bad(int offset, string expected, string found) =>
            new(LiveUpdateError.InvalidArgument, "core record", address, offset, expected, found);
    }

    /// <summary>Whether two records, as <see cref="Read"/> gives them, are the same.</summary>
    public static bool IsSame(in LuoCoreSer one, in LuoCoreSer other) => MemoryMarshal.AsBytes(new ReadOnlySpan<LuoCoreSer>(in one))
        .SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<LuoCoreSer>(in other)));

    /// <summary>Notes the activity of the hand-over; allocates nothing.</summary>
    public static void SetTrace(ref LuoCoreSer record, in ActivityContext trace)
    {
        Span<ulong> words = stackalloc ulong[3];
        Span<byte> bytes = MemoryMarshal.AsBytes(words);
        trace.TraceId.CopyTo(bytes[..16]);
        trace.SpanId.CopyTo(bytes[16..]);
        (record.TraceIdStart, record.TraceIdEnd, record.SpanId) = (words[0], words[1], words[2]);
        record.TraceFlags = (uint)trace.TraceFlags;
    }

    /// <summary>The activity of the hand-over; default if there was none.</summary>
    public static ActivityContext GetTrace(in LuoCoreSer record)
    {
        if ((record.TraceIdStart | record.TraceIdEnd) == 0 || record.SpanId == 0)
            return default;
        ReadOnlySpan<ulong> words = [record.TraceIdStart, record.TraceIdEnd, record.SpanId];
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(words);
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(bytes[..16]),
            ActivitySpanId.CreateFromBytes(bytes[16..]),
            (ActivityTraceFlags)record.TraceFlags & ActivityTraceFlags.Recorded,
            isRemote: true);
    }

    private static uint Checksum(in LuoCoreSer record) => Crc32C.Of(MemoryMarshal.AsBytes(new ReadOnlySpan<LuoCoreSer>(in record)));
}
