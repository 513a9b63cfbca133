using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A block of files (reference 2.3, 2.4), read in runs of one handler and one by one.</summary>
internal sealed class FileBlockTarget : RecordTarget
{
    private readonly FileRecordData[] _records = new FileRecordData[LuoAbi.FilesPerBlock];

    public override string Name => "file-block";

    public override int MinLength => LuoAbi.PageSize;

    public override IReadOnlyList<byte[]> Words => [[.. "memfd-v2\0"u8]];

    public override IReadOnlyList<byte[]> Seeds { get; } = [Block(1), Block(LuoAbi.FilesPerBlock)];

    protected override void ReadAll(ReadOnlySpan<byte> bytes)
    {
        BlockReader block = BlockReader.OfFiles(bytes, KhoMemory.DefaultBase);
        ReadOnlySpan<byte> rest = block.Entries;
        while (!rest.IsEmpty)
        {
            FileRecord first = FileRecord.Read(rest);
            bool isKnown = CompatibleField.TryRead(first.CompatibleBytes, out CompatibleField compatible);
            Finding.Unless(isKnown || !first.IsTerminated || first.Compatible.IsEmpty, "A string that ends is one that can match.");
            int run = isKnown ? FileRecordReader.ReadRun(rest, in compatible, _records) : 1;
            Finding.Unless(run > 0, "A record is of the handler whose string it has.");
            rest = rest[(run * LuoAbi.FileSize)..];
        }
    }

    private static byte[] Block(int count) => Write(LuoAbi.PageSize, page =>
    {
        var block = new BlockWriter(page, LuoAbi.FileSize);
        for (int i = 0; i < count; i++)
            FileRecord.Write(block.Append(), i % 10 == 9 ? "descriptor-v1"u8 : "memfd-v2"u8, new DataHandle(KhoMemory.DefaultBase), (ulong)i);
    });
}
