using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The page of file-lifecycle-bound objects (reference 2.5).</summary>
internal sealed class FlbPageTarget : RecordTarget
{
    private static readonly CompatibleField s_name = new("iommu-core-v1"u8);

    public override string Name => "flb-page";

    public override int MinLength => LuoAbi.PageSize;

    public override IReadOnlyList<byte[]> Seeds { get; } = [Page(0), Page(2), Page(LuoAbi.MaxFlbs)];

    protected override void ReadAll(ReadOnlySpan<byte> bytes)
    {
        FlbRecord[] records = FlbPage.Read(bytes, KhoMemory.DefaultBase);
        FlbPage.IndexOf(records, in s_name);
        foreach (FlbRecord record in records)
            FixedString.Decode(record.Name);
    }

    private static byte[] Page(int count) => Write(LuoAbi.PageSize, page =>
    {
        FlbPage.WriteHeader(page, count);
        for (int i = 0; i < count; i++)
            FlbPage.WriteEntry(page, i, s_name.Text, new DataHandle(KhoMemory.DefaultBase), 1 + (ulong)i);
    });
}
