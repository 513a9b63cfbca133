using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>The records of the kernel's memfd handler: 2.7, A-51, M-20, M-28.</summary>
public class MemfdRecordTests
{
    private static readonly PhysicalAddress s_address = new(0x102090000);

    [Test]
    public void M11_AnEmptyFileIsPossible()
    {
        byte[] bytes = new byte[48];
        default(MemfdRecord).Write(bytes);
        Assert.That(bytes, Is.EqualTo(new byte[48]));
        MemfdRecord record = MemfdRecord.Read(bytes);
        Assert.That(record.Folios.IsNone);
        Assert.That(() => record.Check(s_address), Throws.Nothing);
    }

    [Test]
    public void M28_TheRecordsFlagsAreIgnored()
    {
        byte[] bytes = Golden.Memfd;
        bytes.AsSpan(20, 4).Fill(0xFF);
        Assert.That(MemfdRecord.Read(bytes), Is.EqualTo(MemfdRecord.Read(Golden.Memfd)));
    }

    [TestCase(0x3Fu, 0u)]
    [TestCase(0x40u, 0x40u)]
    [TestCase(uint.MaxValue, 0xFFFF_FFC0u)]
    public void M20_UnknownSealsAreNamed(uint seals, uint unsupported) =>
        Assert.That(new MemfdRecord(0, 0, seals, 0, default).UnsupportedSeals, Is.EqualTo(unsupported));

    [TestCase(0xFFFF_FFFFUL << 12, true)]
    [TestCase((0xFFFF_FFFFUL << 12) + 1, false)]
    [TestCase(ulong.MaxValue, false)]
    public void M10_ASizeAboveTheLimitIsABadImage(ulong size, bool possible) =>
        AssertCheck(MemfdRecord.Read(Golden.Memfd) with { Size = size }, possible, 8);

    [TestCase(256UL, true)]
    [TestCase(257UL, false)]
    [TestCase(ulong.MaxValue, false)]
    public void MoreFoliosThanTheArrayHoldsIsABadImage(ulong count, bool possible) =>
        AssertCheck(MemfdRecord.Read(Golden.Memfd) with { FolioCount = count }, possible, 24);

    [Test]
    public void FoliosWithoutAnArrayAreABadImage() =>
        AssertCheck(MemfdRecord.Read(Golden.Memfd) with { Folios = new VmallocDescriptor(PhysicalAddress.None, 1, 1, 0) }, false, 24);

    [TestCase(uint.MaxValue, 0, true, 0)]
    [TestCase(1024u, 10, true, 0)]
    [TestCase(2048u, 11, false, 46)]
    [TestCase(0u, 65535, false, 46)]
    [TestCase(1025u, 10, false, 40)]
    [TestCase(uint.MaxValue, 1, false, 40)]
    public void A51_AnOrderThatCannotMakeTheTotalIsABadImage(uint pages, int order, bool possible, int offset)
    {
        var folios = new VmallocDescriptor(new PhysicalAddress(0x1000), pages, 1, (ushort)order);
        if (possible)
            Assert.That(() => folios.Check(s_address), Throws.Nothing);
        else
            Assert.That(() => folios.Check(s_address + 32), Throws.TypeOf<LiveUpdateImageException>()
                .With.Property("Offset").EqualTo(offset - 32).And.Property("Address").EqualTo(s_address + 32));
    }

    [Test]
    public void A51_UnknownFlagsAreIgnored() =>
        Assert.That(() => new VmallocDescriptor(new PhysicalAddress(0x1000), 1, ushort.MaxValue, 0).Check(s_address), Throws.Nothing);

    [Test]
    public void TheLargestArrayDoesNotOverflow() =>
        Assert.That(new VmallocDescriptor(default, uint.MaxValue, 0, 0).ByteLength, Is.EqualTo(0xFFF_FFFF_F000UL));

    [Test]
    public void AFolioThatDoesNotFitItsBitsIsMisuse()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new FolioRecord(1UL << 52, 0, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new FolioRecord(0, 0x1000, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void TheLargestFolioKeepsItsPartsApart()
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)0xFF, 16)];
        FolioRecord folio = FolioRecord.Read(bytes);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(folio.PageFrame, Is.EqualTo(MemfdAbi.FolioPfnMask));
            Assert.That(folio.Flags, Is.EqualTo(0xFFFu));
            Assert.That(folio.Index, Is.EqualTo(ulong.MaxValue));
            Assert.That(folio.Address, Is.EqualTo(new PhysicalAddress(0xFFFF_FFFF_FFFF_F000)));
            Assert.That(folio, Is.EqualTo(new FolioRecord(MemfdAbi.FolioPfnMask, 0xFFF, ulong.MaxValue)));
            Assert.That(folio.IsSkipped, Is.False);
            Assert.That(new FolioRecord(0, 3, 9).IsSkipped);
        }
    }

    private static void AssertCheck(MemfdRecord record, bool possible, int offset)
    {
        if (possible)
            Assert.That(() => record.Check(s_address), Throws.Nothing);
        else
            Assert.That(() => record.Check(s_address), Throws.TypeOf<LiveUpdateImageException>()
                .With.Property("Error").EqualTo(LiveUpdateError.InvalidArgument)
                .And.Property("Structure").EqualTo("memfd record")
                .And.Property("Offset").EqualTo(offset).And.Property("Address").EqualTo(s_address));
    }
}
