using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>One block, written and read: .</summary>
public class BlockTests
{
    [TestCase(80, 51)]
    [TestCase(64, 63)]
    [TestCase(16, 255)]
    [TestCase(1, 4080)]
    [TestCase(4080, 1)]
    public void CapacityIsWhatFitsBehindTheHeader(int entrySize, int capacity)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(BlockLayout.CapacityOf(entrySize), Is.EqualTo(capacity));
            Assert.That(new BlockWriter(new byte[4096], entrySize).Capacity, Is.EqualTo(capacity));
            Assert.That(BlockLayout.OffsetOf(capacity - 1, entrySize), Is.EqualTo(16 + ((capacity - 1) * entrySize)));
        }
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(4081)]
    public void AnEntryHasAtLeastOneByteAndFitsTheBlock(int entrySize)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => BlockLayout.CapacityOf(entrySize), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new BlockWriter(new byte[4096], entrySize).Count, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new BlockReader(new byte[4096], entrySize).Count, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => BlockLayout.OffsetOf(63, 64), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => BlockLayout.OffsetOf(-1, 64), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void AFullBlockTakesNoMoreAndStaysAsItIs()
    {
        byte[] page = new byte[4096];
        var writer = new BlockWriter(page, 64);
        for (int i = 0; i < 63; i++)
            writer.Append(new LuoFileSer { Token = (ulong)i });

        byte[] before = [.. page];
        Assert.That(writer.IsFull);
        Assert.That(() => new BlockWriter(page, 64).Append().Length, Throws.InvalidOperationException);
        Assert.That(() => new BlockWriter(page, 64).Append(default(LuoFileSer)), Throws.InvalidOperationException);
        Assert.That(page, Is.EqualTo(before));

        BlockReader reader = BlockReader.OfFiles(page);
        Assert.That(reader.Count, Is.EqualTo(63));
        Assert.That(reader.Entries.Length, Is.EqualTo(63 * 64));
        for (int i = 0; i < 63; i++)
            Assert.That(reader.Read<LuoFileSer>(i).Token, Is.EqualTo((ulong)i));
    }

    [Test]
    public void AppendTakesAllOrNothing()
    {
        byte[] page = new byte[4096];
        Assert.That(new BlockWriter(page, 80).Append(50).Length, Is.EqualTo(4000));
        Assert.That(() => new BlockWriter(page, 80).Append(2).Length, Throws.InvalidOperationException);
        Assert.That(() => new BlockWriter(page, 80).Append(-1).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(new BlockWriter(page, 80).Append(0).Length, Is.Zero);
        Assert.That(new BlockWriter(page, 80).Append(1).Length, Is.EqualTo(80));
        Assert.That(new BlockWriter(page, 80).IsFull);
    }

    [Test]
    public void ARecordOfAnotherSizeIsMisuse()
    {
        byte[] page = Golden.FileBlock;
        Assert.That(() => new BlockWriter(page, 64).Append(default(LuoSessionSer)), Throws.ArgumentException);
        Assert.That(() => BlockReader.OfFiles(page).Read<LuoSessionSer>(0), Throws.ArgumentException);
        Assert.That(page, Is.EqualTo(Golden.FileBlock));
    }

    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(62)]
    public void AnEntryThatIsNotValidCannotBeRead(int index)
    {
        Assert.That(() => BlockReader.OfFiles(Golden.FileBlock)[index].Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => BlockReader.OfFiles(Golden.FileBlock).Read<LuoFileSer>(index), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void F35_ClearZeroesTheEntriesAndKeepsTheLink()
    {
        byte[] page = new byte[4096];
        var writer = new BlockWriter(page, 64) { Next = new PhysicalAddress(0x5000) };
        writer.Append(63).Fill(0xFF);
        writer.Clear();
        Assert.That(writer.Next, Is.EqualTo(new PhysicalAddress(0x5000)));
        Assert.That(writer.Count, Is.Zero);
        Assert.That(page.AsSpan(8).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    [Test]
    public void AWriterOnAPageWithAnImpossibleCountIsFull()
    {
        byte[] page = [.. Enumerable.Repeat((byte)0xFF, 4096)];
        Assert.That(new BlockWriter(page, 64).Count, Is.EqualTo(63));
        Assert.That(() => new BlockWriter(page, 64).Append().Length, Throws.InvalidOperationException);
    }

    [TestCase(0UL)]
    [TestCase(52UL)]
    [TestCase(0x1_0000_0001UL)]
    [TestCase(0x8000_0000_0000_0001UL)]
    [TestCase(ulong.MaxValue)]
    public void A22_ABadCountIsABadImage(ulong count)
    {
        byte[] page = Golden.SessionBlock;
        BitConverter.TryWriteBytes(page.AsSpan(8), count);
        Assert.That(
            () => BlockReader.OfSessions(page, new PhysicalAddress(0x102060000)).Count,
            Throws.TypeOf<LiveUpdateImageException>()
                .With.Property("Error").EqualTo(LiveUpdateError.InvalidArgument)
                .And.Property("Structure").EqualTo("session block")
                .And.Property("Address").EqualTo(new PhysicalAddress(0x102060000))
                .And.Property("Offset").EqualTo(8)
                .And.Property("Expected").EqualTo("a count from 1 to 51")
                .And.Property("Found").EqualTo(count.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Test]
    public void A22_TheLargestCountIsAccepted()
    {
        byte[] page = new byte[4096];
        page[8] = 63;
        Assert.That(BlockReader.OfFiles(page).Count, Is.EqualTo(63));
        page[8] = 64;
        Assert.That(() => BlockReader.OfFiles(page).Count, Throws.TypeOf<LiveUpdateImageException>());
    }

    [Test]
    public void TheHeaderIsReadOnce()
    {
        byte[] page = Golden.FileBlock;
        BlockReader reader = BlockReader.OfFiles(page);
        page.AsSpan(0, 16).Fill(0xFF);
        Assert.That(reader.Count, Is.EqualTo(1));
        Assert.That(reader.Next.IsNone);
        Assert.That(reader.Entries.Length, Is.EqualTo(64));
    }
}
