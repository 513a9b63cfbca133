using System.Runtime.CompilerServices;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class KhoMemoryTests
{
    private const int Page = Generations.Page;

    [TestCase(1, 1)]
    [TestCase(4096, 1)]
    [TestCase(4097, 2)]
    public void AllocatedMemoryIsZeroedWholePages(long bytes, int pages)
    {
        using KhoMemory memory = KhoMemory.Allocate(bytes);
        Assert.That((memory.Base, memory.Length), Is.EqualTo((KhoMemory.DefaultBase, (long)pages * Page)));
        Assert.That(memory.SharedFile, Is.Null);
        Assert.That(memory.GetSpan(memory.Base, pages * Page).ToArray(), Is.All.Zero);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(long.MaxValue)]
    public void BadLengthsAreMisuse(long bytes) =>
        Assert.That(() => KhoMemory.Allocate(bytes), Throws.TypeOf<ArgumentOutOfRangeException>());

    [TestCase(0, -1)]
    [TestCase(0, Page + 1)]
    [TestCase(1, Page)]
    [TestCase(Page, 1)]
    [TestCase(Page + 1, 0)]
    [TestCase(-1, 1)]
    [TestCase(long.MinValue, 1)]
    public void SpansOutsideAreMisuse(long offset, int length)
    {
        using KhoMemory memory = KhoMemory.Allocate(Page);
        Assert.That(() => memory.GetSpan(memory.Base + offset, length).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(memory.TryGetSpan(memory.Base + offset, length, out Span<byte> span), Is.False);
        Assert.That(span.Length, Is.Zero);
    }

    [Test]
    public void SpansAreTheMemoryItself()
    {
        using KhoMemory memory = KhoMemory.Allocate(Page);
        memory.GetSpan(memory.Base + 8, 1)[0] = 7;
        Assert.That(memory.GetSpan(memory.Base, Page)[8], Is.EqualTo(7));
        Assert.That(memory.GetSpan(memory.Base + Page, 0).Length, Is.Zero);
    }

    [Test]
    public void DisposedMemoryThrows()
    {
        KhoMemory memory = KhoMemory.Allocate(4 * Page);
        memory.Dispose();
        memory.Dispose();
        Assert.That(() => memory.GetSpan(memory.Base, 1).Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => memory.TryGetSpan(memory.Base, 1, out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(memory.Lease, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => KexecHandover.Attach(memory), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void ALeaseKeepsTheMemoryMapped()
    {
        KhoMemory memory = KhoMemory.Allocate(Page);
        Span<byte> span = memory.GetSpan(memory.Base, Page);
        KhoMemoryLease lease = memory.Lease();
        memory.Dispose();
        span.Fill(1);
        Assert.That(span[Page - 1], Is.EqualTo(1));
        lease.Dispose();
        lease.Dispose();
    }

    [Test]
    public void APinnedArrayKeepsItsContentAndIsAlignedUp()
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(5 * Page, pinned: true);
        array.AsSpan().Fill(0x5A);
        using KhoMemory memory = KhoMemory.FromPinnedArray(array);
        Assert.That(memory.Length, Is.AnyOf(4L * Page, 5L * Page));
        Span<byte> span = memory.GetSpan(memory.Base, (int)memory.Length);
        Assert.That(span.ToArray(), Is.All.EqualTo(0x5A));
        span[0] = 1;
        int offset = (int)Unsafe.ByteOffset(ref array[0], ref span[0]);
        Assert.That(array[offset], Is.EqualTo(1));
    }

    [Test]
    public void AnArrayWithoutAWholePageIsMisuse()
    {
        Assert.That(() => KhoMemory.FromPinnedArray(new byte[Page - 1]), Throws.ArgumentException);
        Assert.That(() => KhoMemory.FromPinnedArray([]), Throws.ArgumentException);
        Assert.That(() => KhoMemory.FromPinnedArray(null!), Throws.ArgumentNullException);
    }
}
