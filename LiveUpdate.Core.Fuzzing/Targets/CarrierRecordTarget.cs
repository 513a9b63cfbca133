using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The record of the kernel's sessions that carried the descriptors.</summary>
internal sealed class CarrierRecordTarget : ChecksummedRecordTarget
{
    public override string Name => "carrier-record";

    public override int MinLength => CarrierSer.Size;

    protected override int Size => CarrierSer.Size;

    public override IReadOnlyList<byte[]> Seeds { get; } = [Write(CarrierSer.Size, static bytes =>
    {
        var record = new CarrierSer { Magic = CarrierSer.MagicNumber, Version = CarrierSer.CurrentVersion, SessionsPa = 4096, SessionsCount = 2 };
        MemoryMarshal.Write(bytes, in record);
        Mend(bytes, ChecksumOffset);
    })];

    protected override void ReadAll(ReadOnlySpan<byte> bytes) => CarriedSessions.Check(MemoryMarshal.Read<CarrierSer>(bytes), KhoMemory.DefaultBase);
}
