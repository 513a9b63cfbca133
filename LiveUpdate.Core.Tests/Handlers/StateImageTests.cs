using System.Runtime.InteropServices;
using CsCheck;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Handlers;

/// <summary>
/// States that the previous generation damaged, by accident or on purpose: each is one documented exception before the commit.
/// </summary>
public class StateImageTests
{
    private const string Compatible = "vm-state";

    private delegate void Damage(KexecHandover memory, ref StateSer header, Span<StateRangeSer> ranges);

    private static IEnumerable<TestCaseData> Damages()
    {
        yield return Case("magic", 0, (_, ref header, _) => header.Magic++);
        yield return Case("layout version", 8, (_, ref header, _) => header.LayoutVersion = 2);
        yield return Case("layout version 0", 8, (_, ref header, _) => header.LayoutVersion = 0);
        yield return Case("negative state version", 12, (_, ref header, _) => header.StateVersion = -1);
        yield return Case("newer state version", 12, (_, ref header, _) => header.StateVersion = 3);
        yield return Case("length 0", 16, (_, ref header, _) => header.Length = 0);
        yield return Case("length beyond the ranges", 16, (_, ref header, _) => header.Length = (3 * 4096) + 1);
        yield return Case("length at maximum", 16, (_, ref header, _) => header.Length = ulong.MaxValue);
        yield return Case("checksum of the state", 24, (_, ref header, _) => header.DataChecksum++);
        yield return Case("shorter state", 24, (_, ref header, _) => header.Length--);
        yield return Case("no range", 28, (_, ref header, _) => header.RangeCount = 0);
        yield return Case("too many ranges", 28, (_, ref header, _) => header.RangeCount = StateAbi.MaxRanges + 1);
        yield return Case("ranges at maximum", 28, (_, ref header, _) => header.RangeCount = uint.MaxValue);
        yield return Case("range address 0", 40, (_, ref _, ranges) => ranges[0].Address = 0);
        yield return Case("range address not aligned", 40, (_, ref _, ranges) => ranges[0].Address += 8);
        yield return Case("range outside", 40, (memory, ref _, ranges) => ranges[0].Address = memory.Memory.Base.Value + (1UL << 40));
        yield return Case("range at the end of all addresses", 40, (_, ref _, ranges) => ranges[0].Address = ulong.MaxValue & ~0x1FFFUL);
        yield return Case("range not preserved", 40, (memory, ref _, ranges) =>
            ranges[0].Address = memory.Memory.Base.Value + (ulong)memory.Memory.Length - 8192);
        yield return Case("range length 0", 48, (_, ref _, ranges) => ranges[0].Length = 0);
        yield return Case("range length odd", 48, (_, ref _, ranges) => ranges[0].Length = 8191);
        yield return Case("range longer than 4 MiB", 48, (_, ref _, ranges) => ranges[0].Length = 8 << 20);
        yield return Case("range length at maximum", 48, (_, ref _, ranges) => ranges[0].Length = 1UL << 63);
        yield return Case("one range twice", 40, (_, ref header, ranges) =>
        {
            ranges[0].Length = 4096;
            ranges[1] = ranges[0];
            header.Length = 5000;
        });
        yield return Case("header among the ranges", 40, (_, ref _, ranges) => ranges[1].Address = s_headerAddress);
    }

    [ThreadStatic]
    private static ulong s_headerAddress;

    [TestCaseSource(nameof(Damages))]
    public void DamagedHeaderIsRefusedBeforeTheCommitAndTheProgramGoesOn(object damage, int offset)
    {
        using Lives lives = Start(out Session session, out VmState state, (Damage)damage);
        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
        var cause = (LiveUpdateImageException)refusal.InnerException!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusal.Error, Is.EqualTo(LiveUpdateError.InputOutput));
            Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", new Token(1), Compatible)));
            Assert.That((cause.Structure, cause.Offset), Is.EqualTo(("state header", offset)));
            Assert.That(cause.Expected, Is.Not.Null.And.Not.Empty);
            Assert.That(cause.Found, Is.Not.Null.And.Not.Empty);
        }

        session.Dispose();
        Assert.That(lives.PagesOf(Compatible), Is.Zero);
        using Session again = lives.Device.CreateSession("s");
        again.Preserve(1, state);
        lives.Update();
        Assert.That(lives.Device.RetrieveSession("s").Retrieve<VmState>(1).Name, Is.EqualTo(state.Name));
    }

    [Test]
    public void HeaderWithoutItsChecksumIsRefused()
    {
        for (int offset = 0; offset < StateAbi.HeaderSize + (2 * StateAbi.RangeSize); offset++)
        {
            int flipped = offset;
            using Lives lives = StartRaw(block => block[flipped] ^= 0x10);
            if (flipped is >= 36 and < 40)
                lives.Update();
            else
                AssertDamaged(lives);
        }
    }

    [Test]
    public void FlippedBitOfTheStateIsRefused()
    {
        for (int i = 0; i < 48; i++)
        {
            int bit = i;
            using Lives lives = StartRaw(block => { }, data => data[bit / 8] ^= (byte)(1 << (bit % 8)));
            LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
            Assert.That(((LiveUpdateImageException)refusal.InnerException!).Offset, Is.EqualTo(24));
        }
    }

    [Test]
    public void StateWrittenByAnEnemyIsReadOrRefused()
    {
        // The checksums are right, so that the bytes reach the formatter.
        Gen.Select(Gen.Int[0, 70], Gen.Byte).Array[1, 12].Sample(
            mutations =>
            {
                using Lives lives = StartRaw(
                    Seal,
                    data =>
                    {
                        foreach ((int offset, byte value) in mutations)
                            data[offset % data.Length] = value;
                    });
                try
                {
                    lives.Update();
                }
                catch (LiveUpdateException refusal)
                {
                    Assert.That(refusal.InnerException, Is.TypeOf<LiveUpdateImageException>());
                }
            },
            writeLine: TestContext.Out.WriteLine,
            iter: 400);
    }

    [TestCase(new byte[] { 0xDD, 0x7F, 0xFF, 0xFF, 0xFF }, TestName = "array of 2^31 - 1")]
    [TestCase(new byte[] { 0xDD, 0xFF, 0xFF, 0xFF, 0xFF }, TestName = "array of 2^32 - 1")]
    [TestCase(new byte[] { 0x95, 0xDB, 0x7F, 0xFF, 0xFF, 0xFF }, TestName = "text of 2^31 - 1")]
    [TestCase(new byte[] { 0x95, 0xA0, 0xDD, 0x7F, 0xFF, 0xFF, 0xFF }, TestName = "list of 2^31 - 1")]
    [TestCase(new byte[] { 0x95, 0xA0, 0x91, 0xC6, 0x7F, 0xFF, 0xFF, 0xFF }, TestName = "binary of 2^31 - 1")]
    public void HugeCountsAllocateNothingHuge(byte[] bytes)
    {
        using Lives lives = StartRaw(Seal, data => bytes.CopyTo(data));
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertDamaged(lives);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void DepthWithoutEndIsRefused()
    {
        // Each level is an array of 5, an empty name, no pages, 0 ticks and a child.
        var deep = new VmState();
        for (int i = 0; i < 5000; i++)
            deep = new VmState { Child = deep };
        using var lives = new Lives(() => [new StateHandler<VmState>(Compatible, new VmStateFormatter())]);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, deep);
        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
        Assert.That(refusal.InnerException, Is.TypeOf<LiveUpdateImageException>());
        Assert.That(refusal.InnerException!.InnerException, Is.TypeOf<InsufficientExecutionStackException>());
    }

    private static TestCaseData Case(string name, int offset, Damage damage) => new TestCaseData(damage, offset).SetArgDisplayNames(name);

    private static void AssertDamaged(Lives lives) => Assert.That(
        () => lives.Update(), Throws.TypeOf<LiveUpdateException>().With.InnerException.TypeOf<LiveUpdateImageException>());

    private static void Seal(Span<byte> block)
    {
        ref StateSer header = ref MemoryMarshal.AsRef<StateSer>(block);
        header.HeaderChecksum = StateImage.ComputeHeaderChecksum(block);
    }

    private static Lives Start(out Session session, out VmState state, Damage damage)
    {
        var lives = new Lives(Handlers);
        Session created = lives.Device.CreateSession("s");
        state = new VmState { Name = "vm", Pages = [new byte[5000]] };
        created.Preserve(1, state);
        PhysicalAddress address = created.GetFiles()[0].Data.Address;
        created.Preserve(2, new FreezeHook(kho =>
        {
            s_headerAddress = address.Value;
            Span<byte> block = kho.GetSpan(address, StateAbi.HeaderSize + (2 * StateAbi.RangeSize));
            ref StateSer header = ref MemoryMarshal.AsRef<StateSer>(block);
            damage(kho, ref header, MemoryMarshal.Cast<byte, StateRangeSer>(block[StateAbi.HeaderSize..]));
            if (header.RangeCount is > 0 and <= 2)
                Seal(block);
        }));
        session = created;
        return lives;
    }

    private static Lives StartRaw(Action<Span<byte>> damage, Action<Span<byte>>? damageData = null)
    {
        var lives = new Lives(Handlers, 1 << 20);
        Session session = lives.Device.CreateSession("s");
        var child = new VmState { Name = "child" };
        session.Preserve(1, new VmState { Name = "virtual machine", Pages = [[1, 2, 3], new byte[30]], Child = child });
        PhysicalAddress address = session.GetFiles()[0].Data.Address;
        session.Preserve(2, new FreezeHook(kho =>
        {
            Span<byte> block = kho.GetSpan(address, StateAbi.HeaderSize + (2 * StateAbi.RangeSize));
            ref StateSer header = ref MemoryMarshal.AsRef<StateSer>(block);
            PhysicalAddress first = new(MemoryMarshal.Cast<byte, StateRangeSer>(block[StateAbi.HeaderSize..])[0].Address);
            damageData?.Invoke(kho.GetSpan(first, (int)header.Length));
            if (damage == Seal)
                header.DataChecksum = Crc32C.Of(kho.GetSpan(first, (int)header.Length));
            damage(block);
        }));
        return lives;
    }

    private static IEnumerable<FileHandler> Handlers() =>
        [new FreezeHookHandler(), new StateHandler<VmState>(Compatible, new VmStateFormatter()) { ReserveBytes = 3 * 4096 }];
}
