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

    private static uint Checksum(in LuoCoreSer record) => Crc32C.Of(MemoryMarshal.AsBytes(new ReadOnlySpan<LuoCoreSer>(in record)));
}
