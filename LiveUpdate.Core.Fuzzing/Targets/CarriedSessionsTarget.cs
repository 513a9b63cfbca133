using System.Runtime.InteropServices;
using System.Text;
using LiveUpdate.Abi;
using LiveUpdate.Fuzzing.Running;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>
/// The table of the kernel's sessions that carried descriptors: its record, two slots of descriptors, and a block of it, one behind the other.
/// </summary>
internal sealed class CarriedSessionsTarget : FuzzTarget
{
    private const int Slots = 2;
    private const int SlotsOffset = CarrierSer.Size;
    private const int BlockOffset = SlotsOffset + (Slots * DescriptorSlotSer.Size);

    private static readonly PageOwner s_owner = new("table");

    private readonly GuardedMemory _memory = GuardedMemory.Create(32 * LuoAbi.PageSize);
    private readonly KexecHandover _kho;
    private readonly PhysicalAddress _block;

    public CarriedSessionsTarget()
    {
        using (KexecHandover writer = KexecHandover.Attach(_memory))
        {
            writer.Activate();
            _block = writer.AllocatePreserved(LuoAbi.PageSize, s_owner);
            writer.WriteHandover();
        }

        _kho = KexecHandover.Attach(_memory);
        Seeds = [Seed(0), Seed(1), Seed(3)];
    }

    public override string Name => "carried-sessions";

    public override int MinLength => BlockOffset + LuoAbi.PageSize;

    public override int MaxLength => MinLength;

    public override int Cost => 4;

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override void Mend(Span<byte> input) => ChecksummedRecordTarget.Mend(input[..CarrierSer.Size], ChecksummedRecordTarget.ChecksumOffset);

    public override string Run(ReadOnlyMemory<byte> input)
    {
        ReadOnlySpan<byte> bytes = input.Span;
        var record = MemoryMarshal.Read<CarrierSer>(bytes);
        var slots = new DescriptorSlotSer?[Slots];
        for (int i = 0; i < Slots; i++)
        {
            DescriptorSlotSer slot = MemoryMarshal.Read<DescriptorSlotSer>(bytes[(SlotsOffset + (i * DescriptorSlotSer.Size))..]);
            slots[i] = slot.State == 0 ? null : slot;
        }

        bytes[BlockOffset..].CopyTo(_memory.GetSpan(_block, LuoAbi.PageSize));
        using var came = new HeldSessions();
        for (uint number = 1; number <= 3; number++)
            came.Sessions.Add(number, []);
        using var left = new HeldSessions();
        using var sessions = new CarriedSessions(_kho, new HoldingCarrier(left, came));
        try
        {
            CarriedSessions.Check(record, _block);
            using IncomingBlockSet? table = record.SessionsPa == 0
                ? null
                : IncomingBlockSet.Open(_kho, new PhysicalAddress(record.SessionsPa), CarriedSessionSer.Size, "carried session block", s_owner);
            sessions.Load(in record, table, slots);
        }
        catch (LiveUpdateImageException)
        {
            return Refused;
        }

        foreach (string name in sessions.Unfinished)
            sessions.Finish(SessionName.FromImage(Encoding.UTF8.GetBytes(name)));
        return Read;
    }

    protected override void Dispose(bool disposing)
    {
        _kho.Dispose();
        _memory.Dispose();
        base.Dispose(disposing);
    }

    private byte[] Seed(int count)
    {
        byte[] input = new byte[MinLength];
        var record = new CarrierSer
        {
            Magic = CarrierSer.MagicNumber,
            Version = CarrierSer.CurrentVersion,
            SessionsPa = count == 0 ? 0 : _block.Value,
            SessionsCount = (ulong)count,
        };
        MemoryMarshal.Write(input, in record);
        var block = new BlockWriter(input.AsSpan(BlockOffset), CarriedSessionSer.Size);
        for (uint number = 1; number <= count; number++)
        {
            var session = new CarriedSessionSer { Number = number, Files = 1 };
            FixedString.Write(session.Name, [.. "session-"u8, (byte)('0' + number)]);
            block.Append(in session);
        }

        if (count > 0)
            MemoryMarshal.Write(input.AsSpan(SlotsOffset), new DescriptorSlotSer { Descriptor = 1, State = DescriptorSlotSer.InKernelSession, Token = 7 });
        Mend(input);
        return input;
    }
}
