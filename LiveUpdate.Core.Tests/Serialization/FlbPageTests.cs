using System.Text;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>The FLB page: .</summary>
public class FlbPageTests
{
    private static readonly PhysicalAddress s_address = new(0x102070000);

    [Test]
    public void A40_AnEmptyPageHasNoEntries()
    {
        byte[] page = new byte[4096];
        FlbPage.WriteHeader(page, 0);
        Assert.That(page[0], Is.EqualTo(1));
        Assert.That(FlbPage.Read(page), Is.Empty);
    }

    [Test]
    public void AFullPageHas63EntriesAndAnUntouchedTail()
    {
        byte[] page = new byte[4096];
        page.AsSpan(4048).Fill(0xA5);
        for (int i = 0; i < 63; i++)
            FlbPage.WriteEntry(page, i, Encoding.UTF8.GetBytes($"flb-{i}"), new DataHandle((ulong)i), (ulong)i + 1);
        FlbPage.WriteHeader(page, 63);

        FlbRecord[] records = FlbPage.Read(page);
        Assert.That(records, Has.Length.EqualTo(63));
        for (int i = 0; i < 63; i++)
            Assert.That(FlbPage.IndexOf(records, CompatibleField.Encode($"flb-{i}")), Is.EqualTo(i));

        Assert.That(records[62].Count, Is.EqualTo(63UL));
        Assert.That(page.AsSpan(4048).IndexOfAnyExcept((byte)0xA5), Is.EqualTo(-1));
    }

    [Test]
    public void A41_LookupTakesTheFirstAndIgnoresWhatIsStale()
    {
        byte[] page = new byte[4096];
        FlbPage.WriteEntry(page, 0, "a"u8, new DataHandle(1), 1);
        FlbPage.WriteEntry(page, 1, "a"u8, new DataHandle(2), 1);
        FlbPage.WriteEntry(page, 2, "stale"u8, new DataHandle(3), 1);
        FlbPage.WriteHeader(page, 2);
        FlbRecord[] records = FlbPage.Read(page);
        Assert.That(FlbPage.IndexOf(records, CompatibleField.Encode("a")), Is.Zero);
        Assert.That(FlbPage.IndexOf(records, CompatibleField.Encode("stale")), Is.EqualTo(-1));
    }

    [Test]
    public void AnEntryIsWrittenOverAStaleOneWhole()
    {
        byte[] page = new byte[4096];
        FlbPage.WriteEntry(page, 0, "a-long-stale-name"u8, new DataHandle(1), 1);
        FlbPage.WriteEntry(page, 0, "iommu-core-v1"u8, new DataHandle(77), 2);
        FlbPage.WriteHeader(page, 1);
        Assert.That(page, Is.EqualTo(Golden.FlbPage));
    }

    [TestCase(0UL)]
    [TestCase(2UL)]
    [TestCase(ulong.MaxValue)]
    public void A42_AnotherPageCountIsABadImage(ulong pages) => AssertDamaged(0, pages, "1 page");

    [TestCase(64UL)]
    [TestCase(0x1_0000_0001UL)]
    [TestCase(ulong.MaxValue)]
    public void A42_ACountAbove63IsABadImage(ulong count) => AssertDamaged(8, count, "a count of at most 63");

    [Test]
    public void A42_AnEntryNobodyReferencesIsABadImage() => AssertDamaged(72, 0, "a reference count of at least 1");

    [Test]
    public void A34_AnUnterminatedNameMatchesNothing()
    {
        byte[] page = Golden.FlbPage;
        page.AsSpan(16, 48).Fill((byte)'c');
        FlbRecord[] records = FlbPage.Read(page);
        Assert.That(records[0].Name.Length, Is.EqualTo(48));
        Assert.That(FlbPage.IndexOf(records, CompatibleField.Encode(new string('c', 47))), Is.EqualTo(-1));
    }

    [Test]
    public void MisuseIsRefused()
    {
        byte[] page = new byte[4096];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => FlbPage.WriteHeader(page, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => FlbPage.WriteHeader(page, 64), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => FlbPage.WriteEntry(page, -1, "a"u8, default, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => FlbPage.WriteEntry(page, 63, "a"u8, default, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => FlbPage.WriteEntry(page, 0, "a"u8, default, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(page, Is.EqualTo(new byte[4096]));
        }
    }

    private static void AssertDamaged(int offset, ulong value, string expected)
    {
        byte[] page = Golden.FlbPage;
        BitConverter.TryWriteBytes(page.AsSpan(offset), value);
        Assert.That(
            () => FlbPage.Read(page, s_address),
            Throws.TypeOf<LiveUpdateImageException>()
                .With.Property("Error").EqualTo(LiveUpdateError.InvalidArgument)
                .And.Property("Structure").EqualTo("FLB page")
                .And.Property("Address").EqualTo(s_address)
                .And.Property("Offset").EqualTo(offset)
                .And.Property("Expected").EqualTo(expected)
                .And.Property("Found").EqualTo(value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }
}
