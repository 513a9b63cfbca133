using System.Buffers.Binary;
using System.IO.Compression;
using CommunityToolkit.HighPerformance;
using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The file that holds captured pages: packed records of an address and a page. An input is read both as it is and packed first.</summary>
internal sealed class CapturedPagesTarget : FuzzTarget
{
    private const long MostPages = 64;

    public override string Name => "captured-pages";

    public override int MaxLength => 32 << 10;

    public override int Cost => 8;

    // The buffers of two decompressors, the pages, and their copy into runs.
    public override long MostAllocated => 2 << 20;

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [CapturedFiles.Pages("three-sessions"), CapturedFiles.Pages("mixed-sessions"), Records(0x1000, 0x2000, 0x9000), Records(0x1000, 0x1000)];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        bool isPacked = input.Span.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]);
        try
        {
            using Stream stream = isPacked ? input.AsStream() : Pack(input.Span);
            using SparseMemory memory = SparseMemory.Load(stream, MostPages * LuoAbi.PageSize);
            Finding.Unless(memory.PageCount <= MostPages, "No more pages are taken than are allowed.");
            return Read;
        }
        catch (LiveUpdateImageException)
        {
            return Refused;
        }
    }

    private static MemoryStream Pack(ReadOnlySpan<byte> records)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.NoCompression, leaveOpen: true))
            gzip.Write(records);
        packed.Position = 0;
        return packed;
    }

    private static byte[] Records(params ulong[] addresses)
    {
        byte[] records = new byte[addresses.Length * (sizeof(ulong) + LuoAbi.PageSize)];
        for (int i = 0; i < addresses.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(records.AsSpan(i * (sizeof(ulong) + LuoAbi.PageSize)), addresses[i]);
        return records;
    }
}
