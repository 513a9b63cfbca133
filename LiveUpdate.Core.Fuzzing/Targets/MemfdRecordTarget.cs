using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The kernel's record of a memfd, and the entry of a folio behind it (reference 2.7).</summary>
internal sealed class MemfdRecordTarget : RecordTarget
{
    public override string Name => "memfd-record";

    public override int MinLength => MemfdAbi.RecordSize + MemfdAbi.FolioSize;

    public override int MaxLength => MinLength;

    public override IReadOnlyList<byte[]> Seeds { get; } = [Record(1, 1, 0), Record(256, 1, 0), Record(3 * 256, 4, 2)];

    protected override void ReadAll(ReadOnlySpan<byte> bytes)
    {
        FolioRecord folio = FolioRecord.Read(bytes[MemfdAbi.RecordSize..]);
        Finding.Unless(folio.IsSkipped == folio.Address.IsNone, "Only an entry that is skipped lies nowhere.");
        MemfdRecord record = MemfdRecord.Read(bytes);
        record.Check(KhoMemory.DefaultBase);
        Finding.Unless(record.FolioCount <= record.Folios.ByteLength / MemfdAbi.FolioSize, "The folios fit their array.");
    }

    private static byte[] Record(ulong folios, uint pages, ushort order) => Write(MemfdAbi.RecordSize + MemfdAbi.FolioSize, bytes =>
    {
        var array = new VmallocDescriptor(KhoMemory.DefaultBase, pages, 0, order);
        new MemfdRecord(5, folios * LuoAbi.PageSize, 1, folios, array).Write(bytes);
        new FolioRecord(KhoMemory.DefaultBase.Value >> LuoAbi.PageShift, 3, 0).Write(bytes.AsSpan(MemfdAbi.RecordSize));
    });
}
