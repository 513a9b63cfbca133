using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The root record of LUO (reference 2.2).</summary>
internal sealed class RootRecordTarget : RecordTarget
{
    public override string Name => "root-record";

    public override int MaxLength => 64;

    public override IReadOnlyList<byte[]> Words => [[.. "luo-v5\0"u8]];

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [Write(LuoAbi.RootSize, static bytes => LuoRootSerializer.Write(bytes, new LuoRoot(3, KhoMemory.DefaultBase, KhoMemory.DefaultBase)))];

    protected override void ReadAll(ReadOnlySpan<byte> bytes) => LuoRootSerializer.Read(bytes, KhoMemory.DefaultBase);
}
