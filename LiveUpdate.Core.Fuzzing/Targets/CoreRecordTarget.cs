using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The library's own record beside the kernel's.</summary>
internal sealed class CoreRecordTarget : ChecksummedRecordTarget
{
    public override string Name => "core-record";

    protected override int Size => LuoCoreSer.Size;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        Write(LuoCoreSer.Size, static bytes => CoreRecord.Write(bytes, new LuoCoreSer { Sessions = 3, Files = 5, Target = LuoCoreTarget.Exec })),
        Write(LuoCoreSer.Size, static bytes => CoreRecord.Write(bytes, new LuoCoreSer { TraceIdStart = 1, SpanId = 2, TraceFlags = uint.MaxValue })),
    ];

    protected override void ReadAll(ReadOnlySpan<byte> bytes)
    {
        LuoCoreSer record = CoreRecord.Read(bytes, KhoMemory.DefaultBase);
        CoreRecord.GetTrace(in record);
    }
}
