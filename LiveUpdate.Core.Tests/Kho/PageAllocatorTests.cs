using CsCheck;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class PageAllocatorTests
{
    [Test]
    public void TheLowestPagesAreAllocatedFirst()
    {
        var allocator = new PageAllocator(4096);
        allocator.Release(1, 4095);
        int[] pages = [.. Enumerable.Range(0, 100).Select(_ => Take(allocator, 0))];
        Assert.That(pages.Max(), Is.LessThan(128));
        Assert.That(allocator.UsedPages, Is.LessThanOrEqualTo(128));
    }

    [Test]
    public void EverythingMeltsTogetherAgain()
    {
        var allocator = new PageAllocator(1024);
        allocator.Release(0, 1024);
        int[] pages = [.. Enumerable.Range(0, 1024).Select(_ => Take(allocator, 0))];
        Assert.That(allocator.TryAllocate(0, out _), Is.False);
        foreach (int page in pages.OrderBy(page => page * 7919 % 1024))
            allocator.Return(page);
        Assert.That(allocator.FreePages, Is.EqualTo(1024));
        Assert.That(Take(allocator, 10), Is.Zero);
    }

    [Test]
    public void ABlockAboveTheLargestOrderIsFreedInPieces()
    {
        var allocator = new PageAllocator(1 << 13);
        allocator.TakeOver(1 << 12, 12);
        Assert.That(allocator.IsAllocated(1 << 12, out int order), Is.True);
        Assert.That(order, Is.EqualTo(12));
        allocator.Return(1 << 12);
        Assert.That(allocator.FreePages, Is.EqualTo(1 << 12));
        Assert.That(Enumerable.Range(0, 4).Select(_ => Take(allocator, 10)), Is.All.GreaterThanOrEqualTo(1 << 12));
    }

    [Test]
    public void PropertyBlocksNeverOverlapAndFreeBlocksCoalesce() =>
        Gen.Select(Gen.Int[1, 3000], Gen.Select(Gen.Int[0, 10], Gen.Int[0, 1 << 20], Gen.Bool).Array[0, 200]).Sample(
            (pageCount, steps) =>
            {
                var allocator = new PageAllocator(pageCount);
                allocator.Release(0, pageCount);
                bool[] used = new bool[pageCount];
                List<(int Page, int Order)> blocks = [];
                foreach ((int order, int pick, bool free) in steps)
                {
                    if (free && blocks.Count > 0)
                        Free(allocator, used, blocks, pick % blocks.Count);
                    else if (allocator.TryAllocate(order, out int page))
                        Mark(used, blocks, page, order);
                    Assert.That(allocator.FreePages, Is.EqualTo(used.Count(taken => !taken)));
                }
                while (blocks.Count > 0)
                    Free(allocator, used, blocks, blocks.Count - 1);
                AssertCoalesced(allocator, pageCount);
            },
            iter: 200,
            writeLine: TestContext.Out.WriteLine);

    private static void Mark(bool[] used, List<(int Page, int Order)> blocks, int page, int order)
    {
        Assert.That(page % (1 << order), Is.Zero, "aligned to its size");
        Assert.That(used.AsSpan(page, 1 << order).Contains(true), Is.False, "no overlap");
        used.AsSpan(page, 1 << order).Fill(true);
        blocks.Add((page, order));
    }

    private static void Free(PageAllocator allocator, bool[] used, List<(int Page, int Order)> blocks, int index)
    {
        (int page, int order) = blocks[index];
        blocks.RemoveAt(index);
        Assert.That(allocator.IsAllocated(page, out int found) && found == order, Is.True);
        allocator.Return(page);
        Assert.That(allocator.IsAllocated(page, out _), Is.False);
        used.AsSpan(page, 1 << order).Clear();
    }

    // Completely free memory is as many blocks of every order as it was at the start: the binary digits of the page count.
    private static void AssertCoalesced(PageAllocator allocator, int pageCount)
    {
        for (int i = 0; i < pageCount >> 10; i++)
            Take(allocator, 10);
        for (int order = 9; order >= 0; order--)
        {
            if ((pageCount >> order & 1) != 0)
                Take(allocator, order);
        }
        Assert.That(allocator.FreePages, Is.Zero);
    }

    private static int Take(PageAllocator allocator, int order)
    {
        Assert.That(allocator.TryAllocate(order, out int page), Is.True);
        return page;
    }
}
