using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public class PreservedRoomTests() : ActiveGenerationFixture(32 << 20)
{
    private const int Page = 4096;

    [TestCase(1, 1)]
    [TestCase(Page, 1)]
    [TestCase(Page + 1, 2)]
    [TestCase(7 * Page, 7)]
    [TestCase((9 << 20) + 1, 2305)]
    public void RoomIsWholePagesAndNoMore(long bytes, long pages)
    {
        using var room = new PreservedRoom(Active, bytes, Owner);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(room.Capacity, Is.EqualTo(pages * Page));
            Assert.That(Owner.Pages, Is.EqualTo(pages));
            Assert.That(room.Ranges.Sum(range => range.Length), Is.EqualTo(room.Capacity));
            Assert.That(room.Ranges.Select(range => range.Length), Is.Ordered.Descending, "the largest blocks first");
            Assert.That(room.Ranges.Select(range => range.Length), Is.All.LessThanOrEqualTo(4 << 20));
        }
    }

    [Test]
    public void DisposeGivesEverythingBackAndIsIdempotent()
    {
        var room = new PreservedRoom(Active, 5 << 20, Owner);
        room.Dispose();
        room.Dispose();
        Assert.That(Owner.Pages, Is.Zero);
        Assert.That(room.Capacity, Is.Zero);
    }

    [Test]
    public void RoomIsFoundInPieces()
    {
        // Every second page is taken, so that no two free ones lie together.
        var taken = new List<PhysicalAddress>();
        while (Active.TryAllocatePreserved(Page, Owner, out PhysicalAddress address, out _))
            taken.Add(address);
        taken.Sort();
        for (int i = 0; i < taken.Count; i += 2)
            Active.FreePreserved(taken[i]);

        long before = Owner.Pages;
        using var room = new PreservedRoom(Active, 3 << 20, Owner);

        Assert.That(room.Ranges, Has.Count.EqualTo((3 << 20) / Page));
        Assert.That(Owner.Pages - before, Is.EqualTo((3 << 20) / Page));
    }

    [TestCase(31L << 20)]
    [TestCase(32L << 20)]
    [TestCase(1L << 40)]
    [TestCase(long.MaxValue)]
    public void NoRoomIsOutOfMemoryAndNothingStaysReserved(long bytes)
    {
        using var first = new PreservedRoom(Active, 2 << 20, Owner);
        long before = Owner.Pages;
        Assert.That(
            () => new PreservedRoom(Active, bytes, Owner),
            Throws.TypeOf<LiveUpdateException>().With.Property(nameof(LiveUpdateException.Error)).EqualTo(LiveUpdateError.OutOfMemory));
        Assert.That(Owner.Pages, Is.EqualTo(before));
    }

    [Test]
    public void MisuseIsRefused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new PreservedRoom(null!, 1, Owner), Throws.ArgumentNullException);
            Assert.That(() => new PreservedRoom(Active, 1, null!), Throws.ArgumentNullException);
            Assert.That(() => new PreservedRoom(Active, 0, Owner), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new PreservedRoom(Active, -1, Owner), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }
}
