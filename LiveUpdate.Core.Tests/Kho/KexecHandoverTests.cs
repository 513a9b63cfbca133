using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class KexecHandoverTests
{
    private const int Page = Generations.Page;
    private PageOwner _owner;
    private KhoMemory _memory;
    private KexecHandover _kho;

    [SetUp]
    public void SetUp()
    {
        _owner = new PageOwner("test");
        _memory = KhoMemory.Allocate(1 << 20);
        _kho = Generations.Cold(_memory);
    }

    [TearDown]
    public void TearDown()
    {
        _kho.Dispose();
        _memory.Dispose();
    }

    [Test]
    public void ZeroedMemoryIsAColdStart()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        using KexecHandover kho = KexecHandover.Attach(memory);
        Assert.That(kho.HasIncoming, Is.False);
        Assert.That(kho.TryGetSubtree("LUO", out _), Is.False);
        Assert.That(kho.IsIncoming(memory.Base, 1), Is.False);
        Assert.That(() => kho.GetIncomingSpan(memory.Base + Page, 8, "record"), Throws.TypeOf<LiveUpdateImageException>());
    }

    [Test]
    public void AttachRefusesMemoryThatIsTooSmall()
    {
        using KhoMemory memory = KhoMemory.Allocate(3 * Page);
        Assert.That(() => KexecHandover.Attach(memory), Throws.ArgumentException);
    }

    [Test]
    public void BeforeActivateNothingThatAllocatesWorks()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        using KexecHandover kho = KexecHandover.Attach(memory);
        Assert.That(() => kho.AllocatePreserved(1, _owner), Throws.InvalidOperationException);
        Assert.That(() => kho.Allocate(1, _owner), Throws.InvalidOperationException);
        Assert.That(() => kho.TryRestore(memory.Base, _owner, out _), Throws.InvalidOperationException);
        Assert.That(() => kho.TryRestoreAndFree(memory.Base), Throws.InvalidOperationException);
        Assert.That(() => kho.FreePreserved(memory.Base), Throws.InvalidOperationException);
        Assert.That(() => kho.AddSubtree("LUO", memory.Base, 8), Throws.InvalidOperationException);
        Assert.That(kho.WriteHandover, Throws.InvalidOperationException);
        Assert.That(kho.GetAccount, Throws.InvalidOperationException);
    }

    [Test]
    public void PreservedMemoryAndSubtreesReachTheNextGeneration()
    {
        PhysicalAddress blob = _kho.AllocatePreserved(32, _owner);
        _kho.GetSpan(blob, 4)[..].Fill(0xAB);
        _kho.AddSubtree("LUO", blob, 32);
        using KexecHandover next = Generations.Pending(_kho);
        Assert.That(next.HasIncoming, Is.True);
        Assert.That(next.TryGetSubtree("LUO", out KhoSubtree subtree), Is.True);
        Assert.That(subtree, Is.EqualTo(new KhoSubtree(blob, 32)));
        Assert.That(next.TryGetSubtree("absent", out _), Is.False);
        Assert.That(next.GetIncomingSpan(blob, 4, "blob").ToArray(), Is.All.EqualTo(0xAB));
        Assert.That(next.IsIncoming(blob, Page), Is.True);
        Assert.That(next.IsIncoming(blob, Page + 1), Is.False);
        next.Activate();
        Assert.That(next.TryRestore(blob, _owner, out int order), Is.True);
        Assert.That(order, Is.Zero);
        Assert.That(next.TryRestore(blob, _owner, out _), Is.False, "once");
        Assert.That(next.GetSpan(blob, 4).ToArray(), Is.All.EqualTo(0xAB));
        Assert.That(next.IsIncoming(blob, Page), Is.True, "restored, not freed");
        next.Free(blob);
        Assert.That(next.IsIncoming(blob, Page), Is.False);
        Generations.AssertBalanced(next);
    }

    [Test]
    public void WhatWasInUseAndNotPreservedIsPoisoned()
    {
        PhysicalAddress kept = _kho.AllocatePreserved(3 * Page, _owner);
        PhysicalAddress lost = _kho.Allocate(64 * Page, _owner);
        PhysicalAddress freed = _kho.AllocatePreserved(32 * Page, _owner);
        _kho.GetSpan(kept, Page).Fill(0x11);
        _kho.GetSpan(lost, 64 * Page).Fill(0x22);
        _kho.GetSpan(freed, 32 * Page).Fill(0x33);
        _kho.FreePreserved(freed);
        using KexecHandover next = Generations.Next(_kho);
        Assert.That(next.GetSpan(kept, Page).ToArray(), Is.All.EqualTo(0x11));
        Assert.That(next.GetSpan(kept + Page, 3 * Page).ToArray(), Is.All.Zero);
        Assert.That(next.GetSpan(lost, 64 * Page).ToArray(), Is.All.EqualTo(KexecHandover.Poison));
        Assert.That(next.GetSpan(freed, 32 * Page).ToArray(), Is.All.EqualTo(KexecHandover.Poison));
        Assert.That(next.IsIncoming(lost, 1), Is.False);
        Assert.That(() => next.GetIncomingSpan(lost, 1, "record"), Throws.TypeOf<LiveUpdateImageException>());
    }

    [Test]
    public void BootRecordIsConsumedByActivate()
    {
        using KexecHandover next = Generations.Pending(_kho);
        Assert.That(_memory.GetSpan(_memory.Base, 8).ToArray(), Has.Some.Not.Zero);
        next.Activate();
        Assert.That(_memory.GetSpan(_memory.Base, Page).ToArray(), Is.All.Zero);
        Assert.That(next.Activate, Throws.InvalidOperationException);
    }

    [Test]
    public void AttachWritesNothing()
    {
        _kho.AllocatePreserved(5 * Page, _owner);
        _kho.WriteHandover();
        byte[] before = _memory.GetSpan(_memory.Base, (int)_memory.Length).ToArray();
        using KexecHandover next = KexecHandover.Attach(_memory);
        Assert.That(_memory.GetSpan(_memory.Base, (int)_memory.Length).SequenceEqual(before), Is.True);
    }

    [Test]
    public void AHandOverThatIsCalledOffLeavesTheGenerationAsItWas()
    {
        PhysicalAddress blob = _kho.AllocatePreserved(1, _owner);
        using KexecHandover next = Generations.Pending(_kho);
        Assert.That(() => _kho.AllocatePreserved(1, _owner), Throws.InvalidOperationException, "the memory is fixed");
        _kho.ClearHandover();
        Assert.That(_memory.GetSpan(_memory.Base, Page).ToArray(), Is.All.Zero);
        _kho.FreePreserved(blob);
        Generations.AssertBalanced(_kho);
    }

    [Test]
    public void TheGenerationBeforeIsOver()
    {
        PhysicalAddress blob = _kho.AllocatePreserved(1, _owner);
        using KexecHandover next = Generations.Next(_kho);
        Assert.That(_kho.IsOver, Is.True);
        Assert.That(() => _kho.FreePreserved(blob), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _kho.AllocatePreserved(1, _owner), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(_kho.WriteHandover, Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(0, LiveUpdateError.InvalidArgument)]
    [TestCase((4 << 20) + 1, LiveUpdateError.TooBig)]
    [TestCase(4 << 20, LiveUpdateError.OutOfMemory)]
    public void A79_AllocationIsRefused(long bytes, LiveUpdateError error)
    {
        KhoAccount before = _kho.GetAccount();
        Assert.That(() => _kho.AllocatePreserved(bytes, _owner), Generations.Refusal(error));
        Assert.That(() => _kho.Allocate(bytes, _owner), Generations.Refusal(error));
        Assert.That(_kho.TryAllocatePreserved(bytes, _owner, out PhysicalAddress address, out LiveUpdateError found), Is.False);
        Assert.That((address, found), Is.EqualTo((PhysicalAddress.None, error)));
        Assert.That(_kho.GetAccount().FreePages, Is.EqualTo(before.FreePages));
    }

    [TestCase(1, 1)]
    [TestCase(4096, 1)]
    [TestCase(4097, 2)]
    [TestCase(3 * 4096, 4)]
    [TestCase((4 * 4096) + 1, 8)]
    public void A79_AllocationIsZeroedAndRoundedUp(long bytes, long pages)
    {
        PhysicalAddress dirty = _kho.Allocate(128 * Page, _owner);
        _kho.GetSpan(dirty, 128 * Page).Fill(0xFF);
        _kho.Free(dirty);
        PhysicalAddress address = _kho.AllocatePreserved(bytes, _owner);
        Assert.That(_owner.Pages, Is.EqualTo(pages));
        Assert.That(address.IsAligned((ulong)(pages * Page)), Is.True);
        Assert.That(_kho.GetSpan(address, (int)(pages * Page)).ToArray(), Is.All.Zero);
    }

    [Test]
    public void ExhaustionIsARefusalAndLeavesTheAccountBalanced()
    {
        List<PhysicalAddress> blocks = [];
        while (_kho.TryAllocatePreserved(Page, _owner, out PhysicalAddress address, out _))
            blocks.Add(address);
        Generations.AssertBalanced(_kho);
        Assert.That(_kho.GetAccount().FreePages, Is.Zero);
        foreach (PhysicalAddress block in blocks)
            _kho.FreePreserved(block);
        Assert.That(_owner.Pages, Is.Zero);
        Generations.AssertBalanced(_kho);
        Assert.That(() => _kho.AllocatePreserved(512 << 10, _owner), Throws.Nothing, "the pages have melted together again");
    }

    [Test]
    public void ActivateFindsRoomWhenEverythingIsPreserved()
    {
        for (int generation = 0; generation < 3; generation++)
        {
            while (_kho.TryAllocatePreserved(Page, _owner, out _, out _))
            {
            }
            KexecHandover next = Generations.Next(_kho);
            Assert.That(next.GetAccount().Unrestored, Is.Not.Empty);
            Generations.AssertBalanced(next);
            foreach (PreservedRange range in next.GetAccount().Unrestored)
            {
                Assert.That(next.TryRestore(range.Address, _owner, out _), Is.True);
                next.Preserve(range.Address);
            }
            _kho = next;
        }
    }

    [Test]
    public void PreserveAndUnpreserveDecideWhatSurvives()
    {
        PhysicalAddress block = _kho.Allocate(Page, _owner);
        _kho.Preserve(block);
        _kho.Preserve(block);
        Assert.That(() => _kho.Free(block), Throws.InvalidOperationException);
        _kho.Unpreserve(block);
        _kho.Unpreserve(block);
        Assert.That(() => _kho.FreePreserved(block), Throws.ArgumentException);
        _kho.Preserve(block);
        using KexecHandover next = Generations.Next(_kho);
        Assert.That(next.GetAccount().Unrestored, Is.EqualTo(new[] { new PreservedRange(block, 0) }));
    }

    [Test]
    public void AddressesThatAreNoBlockAreMisuse()
    {
        PhysicalAddress block = _kho.AllocatePreserved(2 * Page, _owner);
        PhysicalAddress[] none =
            [PhysicalAddress.None, block + 1, block + Page, _memory.Base, _memory.Base + Page, _memory.Base + _memory.Length];
        foreach (PhysicalAddress address in none)
        {
            Assert.That(() => _kho.FreePreserved(address), Throws.ArgumentException, address.ToString());
            Assert.That(() => _kho.Free(address), Throws.ArgumentException);
            Assert.That(() => _kho.Preserve(address), Throws.ArgumentException);
            Assert.That(() => _kho.Unpreserve(address), Throws.ArgumentException);
        }
        _kho.FreePreserved(block);
        Assert.That(() => _kho.FreePreserved(block), Throws.ArgumentException, "twice");
    }

    [Test]
    public void A62_SubtreesAreRefusedWhenTheyAreThereOrThePageIsFull()
    {
        PhysicalAddress blob = _kho.AllocatePreserved(1, _owner);
        _kho.AddSubtree("LUO", blob, 1);
        Assert.That(() => _kho.AddSubtree("LUO", blob, 1), Generations.Refusal(LiveUpdateError.Exists));
        int added = 0;
        Assert.That(
            () =>
            {
                for (; ; added++)
                    _kho.AddSubtree($"subtree-{added}", blob, 1);
            },
            Generations.Refusal(LiveUpdateError.OutOfMemory));
        using KexecHandover next = Generations.Pending(_kho);
        Assert.That(next.TryGetSubtree($"subtree-{added - 1}", out _), Is.True);
        Assert.That(next.TryGetSubtree($"subtree-{added}", out _), Is.False);
    }

    [TestCase("")]
    [TestCase("a/b")]
    [TestCase("a\0b")]
    public void BadSubtreeNamesAreMisuse(string name) =>
        Assert.That(() => _kho.AddSubtree(name, _memory.Base, 1), Throws.ArgumentException);

    [Test]
    public void ARemovedSubtreeIsGone()
    {
        PhysicalAddress blob = _kho.AllocatePreserved(1, _owner);
        _kho.AddSubtree("a", blob, 1);
        _kho.AddSubtree("b", blob, 1);
        _kho.RemoveSubtree("a");
        _kho.RemoveSubtree("never there");
        using KexecHandover next = Generations.Pending(_kho);
        Assert.That(next.TryGetSubtree("a", out _), Is.False);
        Assert.That(next.TryGetSubtree("b", out _), Is.True);
    }

    [TestCase(0, 1)]
    [TestCase(8, 1)]
    [TestCase(16, 1)]
    [TestCase(24, 1)]
    [TestCase(32, 1)]
    [TestCase(40, 1)]
    [TestCase(80, 1)]
    [TestCase(92, 1)]
    public void ADamagedBootRecordIsNeverAColdStart(int offset, int flip)
    {
        _kho.WriteHandover();
        _memory.GetSpan(_memory.Base, Page)[offset] ^= (byte)flip;
        Assert.That(() => KexecHandover.Attach(_memory), Generations.Damage());
    }

    [Test]
    public void AllocationFaultsAreRefusals()
    {
        _kho.AllocationFault = bytes => bytes == 8192;
        KhoAccount before = _kho.GetAccount();
        Assert.That(() => _kho.AllocatePreserved(8192, _owner), Generations.Refusal(LiveUpdateError.OutOfMemory));
        Assert.That(_kho.GetAccount().FreePages, Is.EqualTo(before.FreePages));
        Assert.That(() => _kho.AllocatePreserved(4096, _owner), Throws.Nothing);
    }

    [Test]
    public void AMapWithoutRoomIsARefusalThatLeavesNothing()
    {
        List<PhysicalAddress> blocks = [];
        while (_kho.GetAccount().FreePages > 1)
            blocks.Add(_kho.Allocate(Page, _owner));
        // The first preserved page needs five more for the map.
        Assert.That(() => _kho.AllocatePreserved(Page, _owner), Generations.Refusal(LiveUpdateError.OutOfMemory));
        Assert.That(() => _kho.Preserve(blocks[0]), Generations.Refusal(LiveUpdateError.OutOfMemory));
        KhoAccount account = _kho.GetAccount();
        Assert.That((account.FreePages, account.TreePages, _owner.Pages), Is.EqualTo((1L, 1L, (long)blocks.Count)));
        Assert.That(() => _kho.FreePreserved(blocks[0]), Throws.ArgumentException);
        blocks.ForEach(_kho.Free);
        Assert.That(() => _kho.AllocatePreserved(Page, _owner), Throws.Nothing);
    }

    [Test]
    public void ManyThreadsLeaveABalancedAccount()
    {
        Parallel.For(
            0,
            8,
            seed =>
            {
                var random = new Random(seed);
                var owner = new PageOwner("thread");
                List<PhysicalAddress> blocks = [];
                for (int i = 0; i < 2000; i++)
                {
                    int bytes = random.Next(1, 5 * Page);
                    if (random.Next(3) > 0 && _kho.TryAllocatePreserved(bytes, owner, out PhysicalAddress address, out _))
                    {
                        _kho.GetSpan(address, 8).Fill((byte)seed);
                        blocks.Add(address);
                    }
                    else if (blocks.Count > 0)
                    {
                        int pick = random.Next(blocks.Count);
                        Assert.That(_kho.GetSpan(blocks[pick], 8).ContainsAnyExcept((byte)seed), Is.False, "nobody else has it");
                        _kho.FreePreserved(blocks[pick]);
                        blocks.RemoveAt(pick);
                    }
                }
                blocks.ForEach(_kho.FreePreserved);
                Assert.That(owner.Pages, Is.Zero);
            });
        Generations.AssertBalanced(_kho);
        Assert.That(_kho.GetAccount().Owners, Is.Empty);
        using KexecHandover next = Generations.Next(_kho);
        Assert.That(next.GetAccount().Unrestored, Is.Empty);
    }

    [Test]
    public void TheHotPathsAllocateNothingManaged()
    {
        var blocks = new BlockSet(_kho, 64, _owner);
        var pool = new RecordPool(_kho, 64, _owner);
        blocks.EnsureCapacity(100);
        PhysicalAddress first = pool.Allocate();
        Assert.That(Measure(Work), Is.GreaterThanOrEqualTo(0), "warm");
        Assert.That(Measure(Work), Is.Zero);
        pool.Free(first);

        void Work()
        {
            for (int i = 0; i < 50; i++)
            {
                PhysicalAddress page = _kho.AllocatePreserved(Page, _owner);
                blocks.GetEntry(i)[0] = _kho.GetSpan(page, 1)[0];
                _kho.FreePreserved(page);
                blocks.Seal(i);
                pool.Free(pool.Allocate());
            }
        }

        static long Measure(Action work)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
