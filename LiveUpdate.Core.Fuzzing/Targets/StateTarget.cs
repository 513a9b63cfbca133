using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Fuzzing.Running;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using MessagePack;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A typed state: its header with two ranges, then the bytes that lie in them, MessagePack.</summary>
internal sealed class StateTarget : FuzzTarget
{
    private const int HeaderLength = StateAbi.HeaderSize + (2 * StateAbi.RangeSize);

    private readonly GuardedMemory _memory = GuardedMemory.Create(64 * LuoAbi.PageSize);
    private readonly StateHandler<FuzzState> _handler = new("state-v1", new ResolverStateFormatter<FuzzState>(1));
    private readonly KexecHandover _kho;
    private readonly PhysicalAddress _header;
    private readonly PhysicalAddress[] _ranges;

    public StateTarget()
    {
        var owner = new PageOwner("state");
        using (KexecHandover writer = KexecHandover.Attach(_memory))
        {
            writer.Activate();
            _header = writer.AllocatePreserved(LuoAbi.PageSize, owner);
            _ranges = [writer.AllocatePreserved(LuoAbi.PageSize, owner), writer.AllocatePreserved(LuoAbi.PageSize, owner)];
            writer.WriteHandover();
        }

        _kho = KexecHandover.Attach(_memory);
        Seeds = [Seed([.. Serialize(0)]), Seed(Serialize(500)), Seed([0xc0]), Seed([.. Serialize(3), 0]), Seed(Serialize(int.MaxValue / 2))];
    }

    public override string Name => "state";

    public override int MinLength => HeaderLength;

    public override int MaxLength => HeaderLength + (2 * LuoAbi.PageSize);

    public override IReadOnlyList<byte[]> Words =>
        [[0xdd, 0x7f, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff, 0xff, 0xff], [0xdf, 0, 1, 0, 0], [0x95], [0xc0], [0xd6, 0xff], [0xc7]];

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override void Mend(Span<byte> input)
    {
        ref StateSer header = ref MemoryMarshal.AsRef<StateSer>(input);
        (header.Magic, header.LayoutVersion, header.RangeCount) = (StateAbi.Magic, StateAbi.LayoutVersion, 2);
        // A state is what is left of the input, unless its length was what was changed.
        if (header.Length > 2 * LuoAbi.PageSize)
            header.Length = (ulong)Math.Max(1, input.Length - HeaderLength);
        Place(input);
        Span<byte> data = stackalloc byte[2 * LuoAbi.PageSize];
        _memory.GetSpan(_ranges[0], LuoAbi.PageSize).CopyTo(data);
        _memory.GetSpan(_ranges[1], LuoAbi.PageSize).CopyTo(data[LuoAbi.PageSize..]);
        header.DataChecksum = Crc32C.Of(data[..(int)header.Length]);
        header.HeaderChecksum = StateImage.ComputeHeaderChecksum(input[..HeaderLength]);
    }

    public override string Run(ReadOnlyMemory<byte> input)
    {
        Place(input.Span);
        try
        {
            _handler.Read(_kho, _header);
            return Read;
        }
        catch (LiveUpdateImageException damage)
        {
            return damage.Structure == "state" ? "formatter refused" : Refused;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _kho.Dispose();
        _memory.Dispose();
        base.Dispose(disposing);
    }

    private static byte[] Serialize(int number) => MessagePackSerializer.Serialize(FuzzState.Create(number));

    private void Place(ReadOnlySpan<byte> input)
    {
        input[..HeaderLength].CopyTo(_memory.GetSpan(_header, HeaderLength));
        ReadOnlySpan<byte> data = input[HeaderLength..];
        foreach (PhysicalAddress range in _ranges)
        {
            int count = Math.Min(data.Length, LuoAbi.PageSize);
            data[..count].CopyTo(_memory.GetSpan(range, LuoAbi.PageSize));
            data = data[count..];
        }
    }

    private byte[] Seed(byte[] state)
    {
        byte[] input = new byte[HeaderLength + state.Length];
        state.CopyTo(input, HeaderLength);
        MemoryMarshal.Write(input, new StateSer { StateVersion = 1, Length = (ulong)state.Length });
        for (int i = 0; i < _ranges.Length; i++)
        {
            var range = new StateRangeSer { Address = _ranges[i].Value, Length = LuoAbi.PageSize };
            MemoryMarshal.Write(input.AsSpan(StateAbi.HeaderSize + (i * StateAbi.RangeSize)), in range);
        }

        Mend(input);
        return input;
    }
}
