using LiveUpdate.Abi;
using LiveUpdate.Serialization;
using MessagePack;

namespace LiveUpdate.Tests.Handlers;

public class StateHandlerTests
{
    private const string Compatible = "vm-state";

    [Test]
    public void StateComesOutAsItWentInAndItsMemoryIsFreed()
    {
        using Lives lives = Start();
        var state = new VmState
        {
            Name = "vm-42",
            Ticks = -7,
            Owner = "Ada",
            Pages = [[], [1, 2, 3], new byte[9000]],
            Child = new VmState { Name = "näher", Pages = [[9]] },
        };
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, state);
            lives.Update();
        }

        Assert.That(lives.Unrestored, Is.Positive);
        using Session incoming = lives.Device.RetrieveSession("s");
        var retrieved = incoming.Retrieve<VmState>(1);
        VmState.AssertEqual(retrieved, state);
        Assert.That(incoming.Retrieve<VmState>(1), Is.SameAs(retrieved));
        incoming.Finish();
        Assert.That(lives.Unrestored, Is.Zero, "header and ranges were freed");
        Assert.That(lives.Now.CleanupErrors, Is.Empty);
    }

    [Test]
    public void StateIsWrittenAsItIsAtTheFreeze()
    {
        using Lives lives = Start();
        var state = new VmState { Name = "before", Pages = [new byte[3000]] };
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, state);
            state.Name = "after";
            state.Pages.Add(new byte[4000]);
            lives.Update();
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        VmState.AssertEqual(incoming.Retrieve<VmState>(1), state);
    }

    [Test]
    public void ReserveBytesIsTheRoomAndTheStateIsNotMeasured()
    {
        int written = 0;
        var formatter = new DelegateFormatter<VmState>(
            (ref MessagePackWriter writer, VmState value) =>
            {
                written++;
                new VmStateFormatter().Serialize(ref writer, value);
            },
            (ref MessagePackReader reader, int _) => new VmStateFormatter().Deserialize(ref reader, 2));
        using var lives = new Lives(() => [new StateHandler<VmState>(Compatible, formatter) { ReserveBytes = 100_000 }]);
        using Session session = lives.Device.CreateSession("s");
        var state = new VmState();
        session.Preserve(1, state);
        Assert.That(written, Is.Zero);
        Assert.That(lives.PagesOf(Compatible), Is.EqualTo(25 + 1), "the room and its header");

        state.Pages.Add(new byte[100_000]);
        lives.Update();
        Assert.That(written, Is.EqualTo(1));
        using Session incoming = lives.Device.RetrieveSession("s");
        VmState.AssertEqual(incoming.Retrieve<VmState>(1), state);
    }

    [Test]
    public void HundredMebibytes()
    {
        using Lives lives = Start(memorySize: 256L << 20);
        var random = new Random(11);
        var state = new VmState { Name = new string('é', 5 << 20) };
        for (int i = 0; i < 90; i++)
        {
            state.Pages.Add(new byte[1 << 20]);
            random.NextBytes(state.Pages[i]);
        }

        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, state);
            lives.Update();
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        VmState.AssertEqual(incoming.Retrieve<VmState>(1), state);
        incoming.Finish();
        Assert.That(lives.Unrestored, Is.Zero);
    }

    [TestCase(4 << 20)]
    [TestCase(5 << 20)]
    [TestCase((8 << 20) + 1)]
    public void OneTextOrBinaryAboveTheLargestBlock(int length)
    {
        using Lives lives = Start(memorySize: 64L << 20);
        var state = new VmState { Name = new string('x', length), Pages = [new byte[length]] };
        state.Pages[0].AsSpan().Fill(0x5A);
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, state);
            lives.Update();
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        VmState.AssertEqual(incoming.Retrieve<VmState>(1), state);
    }

    [Test]
    public void RoomIsFilledExactly()
    {
        // 3 bytes of header before the page, then 2 x 4096 in all.
        var formatter = new DelegateFormatter<byte[]>(
            (ref MessagePackWriter writer, byte[] value) => writer.Write(value),
            (ref MessagePackReader reader, int _) => System.Buffers.BuffersExtensions.ToArray(reader.ReadBytes()!.Value));
        using var lives = new Lives(() => [new StateHandler<byte[]>(Compatible, formatter) { ReserveBytes = 8192 }]);
        Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new byte[8190]);
        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
        Assert.That(refusal.Message, Does.Contain("8193 bytes").And.Contain("8192 bytes"));
        session.Dispose();

        session = lives.Device.CreateSession("s");
        session.Preserve(1, new byte[8189]);
        lives.Update();
        Assert.That(lives.Device.RetrieveSession("s").Retrieve<byte[]>(1), Has.Length.EqualTo(8189));
    }

    [Test]
    public void FreezeAllocatesNothing()
    {
        long allocated = -1;
        long before = 0;
        using var lives = new Lives(
            () => [new FreezeHookHandler(), new StateHandler<VmState>(Compatible, new VmStateFormatter())], 32L << 20);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new FreezeHook(_ => before = GC.GetAllocatedBytesForCurrentThread()));
        session.Preserve(2, new VmState { Name = new string('x', 10_000), Pages = [new byte[5 << 20], new byte[100]] });
        session.Preserve(3, new FreezeHook(_ => allocated = GC.GetAllocatedBytesForCurrentThread() - before));
        session.Preserve(4, new FreezeHook(_ => throw new LiveUpdateException(LiveUpdateError.TimerExpired)));

        // The first freeze loads code; the second is what a running server would see.
        for (int i = 0; i < 2; i++)
            Assert.That(() => lives.Update(), Throws.TypeOf<LiveUpdateException>());
        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void NewVersionReadsWhatAnOldOneWrote()
    {
        using Lives lives = Start(version: 1);
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, new VmState { Name = "old", Owner = "not in version 1", Child = new VmState { Name = "child" } });
            lives.Update([new StateHandler<VmState>(Compatible, new VmStateFormatter(2))]);
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        VmState.AssertEqual(incoming.Retrieve<VmState>(1), new VmState { Name = "old", Child = new VmState { Name = "child" } });
    }

    [Test]
    public void StateThatNobodyRetrievesIsFreedByFinish()
    {
        using Lives lives = Start(memorySize: 32L << 20);
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, new VmState { Pages = [new byte[6 << 20]] });
            lives.Update();
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        incoming.Finish();
        Assert.That(lives.Unrestored, Is.Zero);
        Assert.That(lives.Now.CleanupErrors, Is.Empty);
    }

    [Test]
    public void ClosedSessionGivesTheRoomBack()
    {
        using Lives lives = Start();
        for (int i = 0; i < 50; i++)
        {
            using Session session = lives.Device.CreateSession("s");
            for (ulong token = 0; token < 20; token++)
                session.Preserve(token, new VmState { Pages = [new byte[20_000]] });
            Assert.That(lives.PagesOf(Compatible), Is.Positive);
        }

        Assert.That(lives.PagesOf(Compatible), Is.Zero);
    }

    [Test]
    public void OneHandlerServesTwoOrchestrators()
    {
        var handler = new StateHandler<VmState>(Compatible, new VmStateFormatter());
        using var first = new Lives(() => [handler]);
        using var second = new Lives(() => [handler]);
        Session inFirst = first.Device.CreateSession("s");
        inFirst.Preserve(1, new VmState { Name = "first", Pages = [new byte[9000]] });
        second.Device.CreateSession("s").Preserve(1, new VmState { Name = "second" });
        Assert.That(first.PagesOf(Compatible), Is.EqualTo(5 + 1));
        Assert.That(second.PagesOf(Compatible), Is.EqualTo(1 + 1));
        first.Update();
        second.Update();
        Assert.That(first.Device.RetrieveSession("s").Retrieve<VmState>(1).Name, Is.EqualTo("first"));
        Assert.That(second.Device.RetrieveSession("s").Retrieve<VmState>(1).Name, Is.EqualTo("second"));
    }

    [Test]
    public void HeaderAndListLieAsTheirTablesSay()
    {
        byte[] header = new byte[StateAbi.HeaderSize + (2 * StateAbi.RangeSize)];
        using var lives = new Lives(
            () => [new FreezeHookHandler(), new StateHandler<VmState>(Compatible, new VmStateFormatter(1)) { ReserveBytes = 3 * 4096 }]);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new VmState { Name = "x" });
        PhysicalAddress address = session.GetFiles()[0].Data.Address;
        session.Preserve(2, new FreezeHook(kho => kho.GetSpan(address, header.Length).CopyTo(header)));
        lives.Update();

        byte[] state = [0x94, 0xA1, (byte)'x', 0x90, 0x00, 0xC0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(header.AsSpan(0, 8).SequenceEqual("LUSTATE\0"u8), Is.True, "magic");
            Assert.That(BitConverter.ToUInt32(header, 8), Is.EqualTo(1), "layout version");
            Assert.That(BitConverter.ToInt32(header, 12), Is.EqualTo(1), "state version");
            Assert.That(BitConverter.ToUInt64(header, 16), Is.EqualTo(state.Length), "length");
            Assert.That(BitConverter.ToUInt32(header, 24), Is.EqualTo(Crc32C.Of(state)), "checksum of the state");
            Assert.That(BitConverter.ToUInt32(header, 28), Is.EqualTo(2), "ranges");
            Assert.That(BitConverter.ToUInt32(header, 36), Is.Zero, "reserved");
            Assert.That(BitConverter.ToUInt64(header, 48), Is.EqualTo(2 * 4096), "length of the first range");
            Assert.That(BitConverter.ToUInt64(header, 64), Is.EqualTo(4096), "length of the second range");
            Assert.That(BitConverter.ToUInt32(header, 32), Is.EqualTo(Crc32C.Of([.. header[..32], .. header[40..]])), "header checksum");
            Assert.That(lives.Memory.GetSpan(new PhysicalAddress(BitConverter.ToUInt64(header, 40)), 6).SequenceEqual(state), Is.True);
        }
    }

    private static Lives Start(int version = 2, long memorySize = 4L << 20) =>
        new(() => [new FreezeHookHandler(), new StateHandler<VmState>(Compatible, new VmStateFormatter(version))], memorySize);
}
