using System.Buffers.Binary;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class IncomingBlockSetTests() : ActiveGenerationFixture(1 << 20)
{
    private const int Page = Generations.Page;
    private const int EntrySize = 64;
    private const string Structure = "file block";

    [Test]
    public void A22_NoHeadIsAnEmptySet()
    {
        KexecHandover next = Hand(0);
        using IncomingBlockSet set = Open(next, PhysicalAddress.None);
        Assert.That((set.BlockCount, set.EntryCount), Is.EqualTo((0, 0L)));
        set.Restore();
    }

    [Test]
    public void A22_ALoopIsFoundBeforeTheContentIsLookedAtAndNothingIsFreed()
    {
        PhysicalAddress[] blocks = Chain(3);
        Write(blocks[2], 0, blocks[1].Value);
        Write(blocks[0], 8, 0);
        KexecHandover next = Generations.Next(Active);
        LiveUpdateImageException damage = Assert.Throws<LiveUpdateImageException>(() => Open(next, blocks[0]))!;
        Assert.That((damage.Error, damage.Expected), Is.EqualTo((LiveUpdateError.InvalidArgument, "a chain without a loop")));
        Assert.That(next.GetAccount().Unrestored, Has.Count.EqualTo(3));
        Assert.That(next.TryRestore(blocks[0], Owner, out _), Is.True);
    }

    [Test]
    public void A22_ABlockThatRefersToItselfIsALoop()
    {
        PhysicalAddress[] blocks = Chain(1);
        Write(blocks[0], 0, blocks[0].Value);
        Assert.That(() => Open(Generations.Next(Active), blocks[0]), Generations.Damage());
    }

    [TestCase(0UL)]
    [TestCase(64UL)]
    [TestCase(ulong.MaxValue)]
    public void A22_ABadCountFreesEveryBlockOfTheChain(ulong count)
    {
        PhysicalAddress[] blocks = Chain(3);
        Write(blocks[1], 8, count);
        KexecHandover next = Generations.Next(Active);
        long free = next.GetAccount().FreePages;
        Assert.That(() => Open(next, blocks[0]), Generations.Damage());
        Assert.That(next.GetAccount().FreePages, Is.EqualTo(free + 3));
        Generations.AssertBalanced(next);
    }

    [Test]
    public void BeforeTheCommitABadCountFreesNothing()
    {
        PhysicalAddress[] blocks = Chain(2);
        Write(blocks[1], 8, 0);
        KexecHandover next = Generations.Pending(Active);
        Assert.That(() => Open(next, blocks[0]), Generations.Damage());
        next.Activate();
        Assert.That(next.GetAccount().Unrestored, Has.Count.EqualTo(2));
    }

    [Test]
    public void A23_APartlyFilledBlockInTheMiddleIsAccepted()
    {
        PhysicalAddress[] blocks = Chain(3);
        Write(blocks[1], 8, 5);
        using IncomingBlockSet set = Open(Generations.Next(Active), blocks[0]);
        Assert.That((set.BlockCount, set.EntryCount), Is.EqualTo((3, 63L + 5 + 63)));
    }

    [TestCase(10_000, null)]
    [TestCase(10_001, LiveUpdateError.NoSpace)]
    [TestCase(20_000, LiveUpdateError.NoSpace)]
    [TestCase(20_001, LiveUpdateError.InvalidArgument)]
    public void A24_TenThousandBlocksAreTheLimit(int count, LiveUpdateError? error)
    {
        using KhoMemory memory = KhoMemory.Allocate(100 << 20);
        using KexecHandover kho = Generations.Cold(memory);
        PhysicalAddress[] blocks = Chain(kho, count);
        using KexecHandover next = Generations.Next(kho);
        if (error is { } expected)
            Assert.That(() => Open(next, blocks[0]), Generations.Damage(expected));
        else
            Assert.That(Open(next, blocks[0]).EntryCount, Is.EqualTo(63L * count));
    }

    [TestCase(8UL, "not aligned")]
    [TestCase(0x1000UL, "outside")]
    [TestCase(0x1_0000_0000UL, "the boot record")]
    [TestCase(0xFFFF_FFFF_FFFF_F000UL, "far outside")]
    public void ABlockThatIsNoPreservedPageIsDamage(ulong address, string why)
    {
        PhysicalAddress[] blocks = Chain(1);
        Write(blocks[0], 0, address);
        KexecHandover next = Generations.Next(Active);
        Assert.That(() => Open(next, blocks[0]), Generations.Damage(), why);
        Assert.That(() => Open(next, new PhysicalAddress(address)), Generations.Damage(), why);
    }

    [Test]
    public void APageOfALargerBlockIsDamage()
    {
        PhysicalAddress large = Active.AllocatePreserved(4 * Page, Owner);
        Write(large, 8, 1);
        Write(large + Page, 8, 1);
        KexecHandover next = Generations.Pending(Active);
        Assert.That(() => Open(next, large), Generations.Damage());
        Assert.That(() => Open(next, large + Page), Generations.Damage());
    }

    [Test]
    public void TwoChainsThatMeetAreDamage()
    {
        PhysicalAddress[] first = Chain(3), second = Chain(1);
        Write(second[0], 0, first[2].Value);
        KexecHandover next = Generations.Pending(Active);
        using (Open(next, first[0]))
            Assert.That(() => Open(next, second[0]), Generations.Damage());
        Assert.That(() => Open(next, second[0]).Dispose(), Throws.Nothing, "a claim ends with its owner");
    }

    [Test]
    public void ABlockThatChangedAfterTheCheckIsFoundInTheCopy()
    {
        PhysicalAddress[] blocks = Chain(1);
        KexecHandover next = Generations.Pending(Active);
        using IncomingBlockSet set = Open(next, blocks[0]);
        Write(blocks[0], 8, 64);
        Assert.That(() => set.ReadBlock(0, new byte[Page]), Generations.Damage());
    }

    [Test]
    public void MisuseOfReadBlock()
    {
        PhysicalAddress[] blocks = Chain(1);
        using IncomingBlockSet set = Open(Generations.Pending(Active), blocks[0]);
        Assert.That(() => set.ReadBlock(-1, new byte[Page]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => set.ReadBlock(1, new byte[Page]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => set.ReadBlock(0, new byte[Page - 1]), Throws.ArgumentException);
        Assert.That(set.Restore, Throws.InvalidOperationException, "before the commit");
        Assert.That(set.Release, Throws.InvalidOperationException, "before the commit");
    }

    [Test]
    public void BlocksAreReleasedFromTheEnd()
    {
        PhysicalAddress[] blocks = Chain(4);
        KexecHandover next = Generations.Next(Active);
        using IncomingBlockSet set = Open(next, blocks[0]);
        set.Restore();
        set.ReleaseLast(1);
        Assert.That(next.IsIncoming(blocks[3], 1), Is.False);
        Assert.That((set.BlockCount, next.IsIncoming(blocks[2], 1)), Is.EqualTo((3, true)));
        Assert.That(() => set.ReleaseLast(4), Throws.TypeOf<ArgumentOutOfRangeException>());
        set.Release();
        set.Release();
        Generations.AssertBalanced(next);
        Assert.That(next.GetAccount().Owners, Is.Empty);
    }

    [Test]
    public void ABlockThatSomebodyElseRestoredIsDamage()
    {
        PhysicalAddress[] blocks = Chain(3);
        KexecHandover next = Generations.Pending(Active);
        using IncomingBlockSet set = Open(next, blocks[0]);
        next.Activate();
        next.TryRestore(blocks[1], new PageOwner("thief"), out _);
        Assert.That(set.Restore, Generations.Damage());
        Generations.AssertBalanced(next);
        Assert.That(next.GetAccount().Owners.Single().Name, Is.EqualTo("thief"));
    }

    private static IncomingBlockSet Open(KexecHandover kho, PhysicalAddress head) =>
        IncomingBlockSet.Open(kho, head, EntrySize, Structure, new PageOwner("incoming"));

    private KexecHandover Hand(int count)
    {
        Chain(count);
        return Generations.Next(Active);
    }

    private PhysicalAddress[] Chain(int count) => Chain(Active, count);

    // Full blocks, linked; the writer's own limit of 10 000 does not hold here.
    private static PhysicalAddress[] Chain(KexecHandover kho, int count)
    {
        var owner = new PageOwner("chain");
        PhysicalAddress[] blocks = [.. Enumerable.Range(0, count).Select(_ => kho.AllocatePreserved(Page, owner))];
        for (int i = 0; i < count; i++)
        {
            Span<byte> header = kho.GetSpan(blocks[i], 16);
            BinaryPrimitives.WriteUInt64LittleEndian(header, i + 1 < count ? blocks[i + 1].Value : 0);
            BinaryPrimitives.WriteUInt64LittleEndian(header[8..], 63);
        }
        return blocks;
    }

    private void Write(PhysicalAddress block, int offset, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(Region.GetSpan(block + offset, 8), value);
}
