using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A reader with a fault that inputs with a first byte above 127 meet, so that it can be seen that faults are found.</summary>
internal sealed class PlantedTarget(PlantedFault fault) : FuzzTarget
{
    private byte[] _allocated = [];

    public override string Name => "planted";

    public override int MaxLength => 16;

    public override int MinLength => 1;

    public override IReadOnlyList<byte[]> Seeds => [[0, 1, 2, 3]];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        ReadOnlySpan<byte> bytes = input.Span;
        // What the library does with an input is all that coverage shows.
        if (FixedString.IsTerminated(bytes) && bytes[0] < 128)
            return Refused;
        if (bytes[0] < 128)
            return Read;
        switch (fault)
        {
            case PlantedFault.Overrun:
                return ByteAt(bytes, bytes.Length) == 1 ? Read : Refused;
            case PlantedFault.Underrun:
                return ByteAt(bytes, -1) == 1 ? Read : Refused;
            case PlantedFault.Hang:
                Thread.Sleep(Timeout.Infinite);
                return Read;
            default:
                _allocated = new byte[bytes[0] << 20];
                return _allocated.Length > 0 ? Read : Refused;
        }
    }

    // Out of range on purpose: a page that nobody may touch lies there.
    private static byte ByteAt(ReadOnlySpan<byte> bytes, int offset) =>
        Volatile.Read(in Unsafe.Add(ref MemoryMarshal.GetReference(bytes), offset));
}
