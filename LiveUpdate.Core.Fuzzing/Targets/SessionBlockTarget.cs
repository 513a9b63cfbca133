using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A block of sessions (reference 2.3, 2.4).</summary>
internal sealed class SessionBlockTarget : RecordTarget
{
    public override string Name => "session-block";

    public override int MinLength => LuoAbi.PageSize;

    public override IReadOnlyList<byte[]> Seeds { get; } = [Block(1), Block(LuoAbi.SessionsPerBlock)];

    protected override void ReadAll(ReadOnlySpan<byte> bytes)
    {
        BlockReader block = BlockReader.OfSessions(bytes, KhoMemory.DefaultBase);
        for (int i = 0; i < block.Count; i++)
        {
            SessionRecord record = SessionRecord.Read(block[i]);
            SessionName name = SessionName.FromImage(record.Name);
            Finding.Unless(name.Utf8.Length <= SessionName.MaxLength, "A name has at most 63 bytes.");
        }
    }

    private static byte[] Block(int count) => Write(LuoAbi.PageSize, page =>
    {
        var block = new BlockWriter(page, LuoAbi.SessionSize);
        for (int i = 0; i < count; i++)
            SessionRecord.Write(block.Append(), "session"u8, KhoMemory.DefaultBase, (ulong)i);
    });
}
