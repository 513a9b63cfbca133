using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public class PreservedRoomTests
{
    private const int Page = 4096;

    private KhoMemory _memory = null!;
    private KexecHandover _kho = null!;
    private PageOwner _owner = null!;

    [SetUp]
    public void Start()
    {
        _memory = KhoMemory.Allocate(32 << 20);
        _kho = KexecHandover.Attach(_memory);
        _kho.Activate();
        _owner = new PageOwner("room");
    }

    [TearDown]
    public void End()
    {
        _kho.Dispose();
        _memory.Dispose();
    }

    [TestCase(1, 1)]
    [TestCase(Page, 1)]
    [TestCase(Page + 1, 2)]
    [TestCase(7 * Page, 7)]
    [TestCase((9 << 20) + 1, 2305)]
    public void RoomIsWholePagesAndNoMore(long bytes, long pages)
    {
        using var room = new PreservedRoom(_kho, bytes, _owner);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(room.Capacity, Is.EqualTo(pages * Page));
            Assert.That(_owner.Pages, Is.EqualTo(pages));
            Assert.That(room.Ranges.Sum(range => range.Length), Is.EqualTo(room.Capacity));
            Assert.That(room.Ranges.Select(range => range.Length), Is.Ordered.Descending, "the largest blocks first");
            Assert.That(room.Ranges.Select(range => range.Length), Is.All.LessThanOrEqualTo(4 << 20));
        }
    }

    [Test]
    public void DisposeGivesEverythingBackAndIsIdempotent()
    {
        var room = new PreservedRoom(_kho, 5 << 20, _owner);
        room.Dispose();
        room.Dispose();
        Assert.That(_owner.Pages, Is.Zero);
        Assert.That(room.Capacity, Is.Zero);
    }

    [Test]
    public void RoomIsFoundInPieces()
    {
        // Every second page is taken, so that no two free ones lie together.
        var taken = new List<PhysicalAddress>();
        while (_kho.TryAllocatePreserved(Page, _owner, out PhysicalAddress address, out _))
            taken.Add(address);
        taken.Sort();
        for (int i = 0; i < taken.Count; i += 2)
            _kho.FreePreserved(taken[i]);

        long before = _owner.Pages;
        using var room = new PreservedRoom(_kho, 3 << 20, _owner);

        Assert.That(room.Ranges, Has.Count.EqualTo((3 << 20) / Page));
        Assert.That(_owner.Pages - before, Is.EqualTo((3 << 20) / Page));
    }

    [TestCase(31L << 20)]
    [TestCase(32L << 20)]
    [TestCase(1L << 40)]
    [TestCase(long.MaxValue)]
    public void NoRoomIsOutOfMemoryAndNothingStaysReserved(long bytes)
    {
        using var first = new PreservedRoom(_kho, 2 << 20, _owner);
        long before = _owner.Pages;
        Assert.That(
            () => new PreservedRoom(_kho, bytes, _owner),
            Throws.TypeOf<LiveUpdateException>().With.Property(nameof(LiveUpdateException.Error)).EqualTo(LiveUpdateError.OutOfMemory));
        Assert.That(_owner.Pages, Is.EqualTo(before));
    }

    [Test]
    public void MisuseIsRefused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new PreservedRoom(null!, 1, _owner), Throws.ArgumentNullException);
            Assert.That(() => new PreservedRoom(_kho, 1, null!), Throws.ArgumentNullException);
            Assert.That(() => new PreservedRoom(_kho, 0, _owner), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new PreservedRoom(_kho, -1, _owner), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }
}
