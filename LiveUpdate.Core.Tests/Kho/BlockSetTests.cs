using System.Buffers.Binary;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class BlockSetTests() : ActiveGenerationFixture(1 << 20)
{
    private const int Page = Generations.Page;

    [TestCase(80, 51)]
    [TestCase(64, 63)]
    [TestCase(4080, 1)]
    [TestCase(1, 4080)]
    public void CapacityFollowsTheEntrySize(int entrySize, int capacity)
    {
        using var blocks = new BlockSet(Active, entrySize, Owner);
        Assert.That(blocks.EntriesPerBlock, Is.EqualTo(capacity));
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(4081)]
    public void BadEntrySizesAreMisuse(int entrySize) =>
        Assert.That(() => new BlockSet(Active, entrySize, Owner), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void AnEmptySetHasNoHead()
    {
        using var blocks = new BlockSet(Active, 64, Owner);
        Assert.That(blocks.Seal(0), Is.EqualTo(PhysicalAddress.None));
        blocks.EnsureCapacity(200);
        Assert.That(blocks.Seal(0), Is.EqualTo(PhysicalAddress.None), "no empty block is linked (A-21)");
    }

    [TestCase(1)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(126)]
    [TestCase(300)]
    public void EntriesReachTheNextGeneration(int count)
    {
        var blocks = new BlockSet(Active, 64, Owner);
        blocks.EnsureCapacity(count + 100);
        for (int i = 0; i < count + 50; i++)
            BinaryPrimitives.WriteInt32LittleEndian(blocks.GetEntry(i), i + 1);
        PhysicalAddress head = blocks.Seal(count);
        using KexecHandover next = Generations.Pending(Active);
        var reader = new PageOwner("reader");
        IncomingBlockSet incoming = IncomingBlockSet.Open(next, head, 64, "file block", reader);
        Assert.That(incoming.BlockCount, Is.EqualTo((count + 62) / 63));
        Assert.That(incoming.EntryCount, Is.EqualTo(count));
        byte[] page = new byte[Page];
        int read = 0;
        for (int block = 0; block < incoming.BlockCount; block++)
        {
            int entries = incoming.ReadBlock(block, page);
            for (int i = 0; i < entries; i++)
                Assert.That(BinaryPrimitives.ReadInt32LittleEndian(page.AsSpan(16 + (64 * i))), Is.EqualTo(++read));
            Assert.That(page.AsSpan(16 + (64 * entries)).ToArray(), Is.All.Zero, "nothing stale behind the last entry");
        }
        Assert.That(read, Is.EqualTo(count));
        Assert.That(
            () => IncomingBlockSet.Open(next, head, 64, "file block", Owner), Generations.Damage(), "claimed by the first");
        next.Activate();
        incoming.Restore();
        incoming.Restore();
        Assert.That(reader.Pages, Is.EqualTo((count + 62) / 63));
        incoming.Dispose();
        Assert.That(reader.Pages, Is.Zero);
        Generations.AssertBalanced(next);
    }

    [Test]
    public void GrowthBeyondTheMemoryChangesNothing()
    {
        using var blocks = new BlockSet(Active, 64, Owner);
        blocks.EnsureCapacity(63);
        KhoAccount before = Active.GetAccount();
        Assert.That(() => blocks.EnsureCapacity(63 * 300), Generations.Refusal(LiveUpdateError.OutOfMemory));
        Assert.That(blocks.BlockCount, Is.EqualTo(1));
        Assert.That(Active.GetAccount().FreePages, Is.EqualTo(before.FreePages));
    }

    [TestCase((63L * 10_000) + 1)]
    [TestCase(long.MaxValue)]
    public void MoreThanTenThousandBlocksAreRefused(long entries)
    {
        using var blocks = new BlockSet(Active, 64, Owner);
        Assert.That(() => blocks.EnsureCapacity(entries), Generations.Refusal(LiveUpdateError.NoSpace));
        Assert.That(Owner.Pages, Is.Zero);
    }

    [Test]
    public void TrimAndDisposeGiveBlocksBack()
    {
        var blocks = new BlockSet(Active, 64, Owner);
        blocks.EnsureCapacity(63 * 5);
        blocks.Trim(64);
        Assert.That((blocks.BlockCount, Owner.Pages), Is.EqualTo((2, 2L)));
        blocks.Trim(1000);
        Assert.That(blocks.BlockCount, Is.EqualTo(2));
        blocks.Dispose();
        blocks.Dispose();
        Assert.That(Owner.Pages, Is.Zero);
        Generations.AssertBalanced(Active);
    }

    [Test]
    public void DisposeAfterTheEndOfTheGenerationIsSilent()
    {
        var blocks = new BlockSet(Active, 64, Owner);
        blocks.EnsureCapacity(1);
        using KexecHandover next = Generations.Next(Active);
        Assert.That(blocks.Dispose, Throws.Nothing);
        Assert.That(next.GetAccount().UnrestoredPages, Is.EqualTo(1));
    }

    [Test]
    public void DisposeWhileAHandOverIsWrittenDoesNothingUntilItIsCalledOff()
    {
        var blocks = new BlockSet(Active, 64, Owner);
        blocks.EnsureCapacity(1);
        Active.WriteHandover();
        blocks.Dispose();
        Assert.That(Owner.Pages, Is.EqualTo(1));
        Active.ClearHandover();
        blocks.Dispose();
        Assert.That(Owner.Pages, Is.Zero);
    }

    [Test]
    public void EntriesOutsideTheRoomAreMisuse()
    {
        using var blocks = new BlockSet(Active, 64, Owner);
        blocks.EnsureCapacity(1);
        Assert.That(() => blocks.GetEntry(-1).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => blocks.GetEntry(63).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => blocks.Seal(64), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => blocks.Seal(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => blocks.GetBlockEntries(1).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(blocks.GetBlockEntries(0).Length, Is.EqualTo(63 * 64));
    }
}
