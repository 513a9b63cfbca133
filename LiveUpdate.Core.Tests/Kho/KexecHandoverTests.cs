using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class KexecHandoverTests() : ActiveGenerationFixture(1 << 20)
{
    private const int Page = Generations.Page;

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
        Assert.That(() => kho.AllocatePreserved(1, Owner), Throws.InvalidOperationException);
        Assert.That(() => kho.Allocate(1, Owner), Throws.InvalidOperationException);
        Assert.That(() => kho.TryRestore(memory.Base, Owner, out _), Throws.InvalidOperationException);
        Assert.That(() => kho.TryRestoreAndFree(memory.Base), Throws.InvalidOperationException);
        Assert.That(() => kho.FreePreserved(memory.Base), Throws.InvalidOperationException);
        Assert.That(() => kho.AddSubtree("LUO", memory.Base, 8), Throws.InvalidOperationException);
        Assert.That(kho.WriteHandover, Throws.InvalidOperationException);
        Assert.That(kho.GetAccount, Throws.InvalidOperationException);
    }

    [Test]
    public void PreservedMemoryAndSubtreesReachTheNextGeneration()
    {
        PhysicalAddress blob = Active.AllocatePreserved(32, Owner);
        Active.GetSpan(blob, 4)[..].Fill(0xAB);
        Active.AddSubtree("LUO", blob, 32);
        using KexecHandover next = Generations.Pending(Active);
        Assert.That(next.HasIncoming, Is.True);
        Assert.That(next.TryGetSubtree("LUO", out KhoSubtree subtree), Is.True);
        Assert.That(subtree, Is.EqualTo(new KhoSubtree(blob, 32)));
        Assert.That(next.TryGetSubtree("absent", out _), Is.False);
        Assert.That(next.GetIncomingSpan(blob, 4, "blob").ToArray(), Is.All.EqualTo(0xAB));
        Assert.That(next.IsIncoming(blob, Page), Is.True);
        Assert.That(next.IsIncoming(blob, Page + 1), Is.False);
        next.Activate();
        Assert.That(next.TryRestore(blob, Owner, out int order), Is.True);
        Assert.That(order, Is.Zero);
        Assert.That(next.TryRestore(blob, Owner, out _), Is.False, "once");
        Assert.That(next.GetSpan(blob, 4).ToArray(), Is.All.EqualTo(0xAB));
        Assert.That(next.IsIncoming(blob, Page), Is.True, "restored, not freed");
        next.Free(blob);
        Assert.That(next.IsIncoming(blob, Page), Is.False);
        Generations.AssertBalanced(next);
    }

    [Test]
    public void WhatWasInUseAndNotPreservedIsPoisoned()
    {
        PhysicalAddress kept = Active.AllocatePreserved(3 * Page, Owner);
        PhysicalAddress lost = Active.Allocate(64 * Page, Owner);
        PhysicalAddress freed = Active.AllocatePreserved(32 * Page, Owner);
        Active.GetSpan(kept, Page).Fill(0x11);
        Active.GetSpan(lost, 64 * Page).Fill(0x22);
        Active.GetSpan(freed, 32 * Page).Fill(0x33);
        Active.FreePreserved(freed);
        using KexecHandover next = Generations.Next(Active);
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
        using KexecHandover next = Generations.Pending(Active);
        Assert.That(Region.GetSpan(Region.Base, 8).ToArray(), Has.Some.Not.Zero);
        next.Activate();
        Assert.That(Region.GetSpan(Region.Base, Page).ToArray(), Is.All.Zero);
        Assert.That(next.Activate, Throws.InvalidOperationException);
    }

    [Test]
    public void TheMagicNumberAloneSaysWhetherAHandOverIsWritten()
    {
        Assert.That(BootRecord.IsWritten(Region), Is.False);
        Active.WriteHandover();
        Assert.That(BootRecord.IsWritten(Region), Is.True);
        Region.GetSpan(Region.Base, Page)[92] ^= 1;
        Assert.That(BootRecord.IsWritten(Region), Is.True, "a damaged one is one");
        Region.GetSpan(Region.Base, 8).Clear();
        Assert.That(BootRecord.IsWritten(Region), Is.False, "a process that was killed while it cleared the page has cleared it");
        Active.ClearHandover();
        Assert.That(Region.GetSpan(Region.Base, Page).ToArray(), Is.All.Zero);
    }

    [Test]
    public void AttachWritesNothing()
    {
        Active.AllocatePreserved(5 * Page, Owner);
        Active.WriteHandover();
        byte[] before = Region.GetSpan(Region.Base, (int)Region.Length).ToArray();
        using KexecHandover next = KexecHandover.Attach(Region);
        Assert.That(Region.GetSpan(Region.Base, (int)Region.Length).SequenceEqual(before), Is.True);
    }

    [Test]
    public void AHandOverThatIsCalledOffLeavesTheGenerationAsItWas()
    {
        PhysicalAddress blob = Active.AllocatePreserved(1, Owner);
        using KexecHandover next = Generations.Pending(Active);
        Assert.That(() => Active.AllocatePreserved(1, Owner), Throws.InvalidOperationException, "the memory is fixed");
        Active.ClearHandover();
        Assert.That(Region.GetSpan(Region.Base, Page).ToArray(), Is.All.Zero);
        Active.FreePreserved(blob);
        Generations.AssertBalanced(Active);
    }

    [Test]
    public void TheGenerationBeforeIsOver()
    {
        PhysicalAddress blob = Active.AllocatePreserved(1, Owner);
        using KexecHandover next = Generations.Next(Active);
        Assert.That(Active.IsOver, Is.True);
        Assert.That(() => Active.FreePreserved(blob), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => Active.AllocatePreserved(1, Owner), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(Active.WriteHandover, Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(0, LiveUpdateError.InvalidArgument)]
    [TestCase((4 << 20) + 1, LiveUpdateError.TooBig)]
    [TestCase(4 << 20, LiveUpdateError.OutOfMemory)]
    public void A79_AllocationIsRefused(long bytes, LiveUpdateError error)
    {
        KhoAccount before = Active.GetAccount();
        Assert.That(() => Active.AllocatePreserved(bytes, Owner), Generations.Refusal(error));
        Assert.That(() => Active.Allocate(bytes, Owner), Generations.Refusal(error));
        Assert.That(Active.TryAllocatePreserved(bytes, Owner, out PhysicalAddress address, out LiveUpdateError found), Is.False);
        Assert.That((address, found), Is.EqualTo((PhysicalAddress.None, error)));
        Assert.That(Active.GetAccount().FreePages, Is.EqualTo(before.FreePages));
    }

    [TestCase(1, 1)]
    [TestCase(4096, 1)]
    [TestCase(4097, 2)]
    [TestCase(3 * 4096, 4)]
    [TestCase((4 * 4096) + 1, 8)]
    public void A79_AllocationIsZeroedAndRoundedUp(long bytes, long pages)
    {
        PhysicalAddress dirty = Active.Allocate(128 * Page, Owner);
        Active.GetSpan(dirty, 128 * Page).Fill(0xFF);
        Active.Free(dirty);
        PhysicalAddress address = Active.AllocatePreserved(bytes, Owner);
        Assert.That(Owner.Pages, Is.EqualTo(pages));
        Assert.That(address.IsAligned((ulong)(pages * Page)), Is.True);
        Assert.That(Active.GetSpan(address, (int)(pages * Page)).ToArray(), Is.All.Zero);
    }

    [Test]
    public void ExhaustionIsARefusalAndLeavesTheAccountBalanced()
    {
        List<PhysicalAddress> blocks = [];
        while (Active.TryAllocatePreserved(Page, Owner, out PhysicalAddress address, out _))
            blocks.Add(address);
        Generations.AssertBalanced(Active);
        Assert.That(Active.GetAccount().FreePages, Is.Zero);
        foreach (PhysicalAddress block in blocks)
            Active.FreePreserved(block);
        Assert.That(Owner.Pages, Is.Zero);
        Generations.AssertBalanced(Active);
        Assert.That(() => Active.AllocatePreserved(512 << 10, Owner), Throws.Nothing, "the pages have melted together again");
    }

    [Test]
    public void ActivateFindsRoomWhenEverythingIsPreserved()
    {
        for (int generation = 0; generation < 3; generation++)
        {
            while (Active.TryAllocatePreserved(Page, Owner, out _, out _))
            {
            }
            KexecHandover next = Generations.Next(Active);
            Assert.That(next.GetAccount().Unrestored, Is.Not.Empty);
            Generations.AssertBalanced(next);
            foreach (PreservedRange range in next.GetAccount().Unrestored)
            {
                Assert.That(next.TryRestore(range.Address, Owner, out _), Is.True);
                next.Preserve(range.Address);
            }
            Active = next;
        }
    }

    [Test]
    public void PreserveAndUnpreserveDecideWhatSurvives()
    {
        PhysicalAddress block = Active.Allocate(Page, Owner);
        Active.Preserve(block);
        Active.Preserve(block);
        Assert.That(() => Active.Free(block), Throws.InvalidOperationException);
        Active.Unpreserve(block);
        Active.Unpreserve(block);
        Assert.That(() => Active.FreePreserved(block), Throws.ArgumentException);
        Active.Preserve(block);
        using KexecHandover next = Generations.Next(Active);
        Assert.That(next.GetAccount().Unrestored, Is.EqualTo(new[] { new PreservedRange(block, 0) }));
    }

    [Test]
    public void AddressesThatAreNoBlockAreMisuse()
    {
        PhysicalAddress block = Active.AllocatePreserved(2 * Page, Owner);
        PhysicalAddress[] none =
            [PhysicalAddress.None, block + 1, block + Page, Region.Base, Region.Base + Page, Region.Base + Region.Length];
        foreach (PhysicalAddress address in none)
        {
            Assert.That(() => Active.FreePreserved(address), Throws.ArgumentException, address.ToString());
            Assert.That(() => Active.Free(address), Throws.ArgumentException);
            Assert.That(() => Active.Preserve(address), Throws.ArgumentException);
            Assert.That(() => Active.Unpreserve(address), Throws.ArgumentException);
        }
        Active.FreePreserved(block);
        Assert.That(() => Active.FreePreserved(block), Throws.ArgumentException, "twice");
    }

    [Test]
    public void A62_SubtreesAreRefusedWhenTheyAreThereOrThePageIsFull()
    {
        PhysicalAddress blob = Active.AllocatePreserved(1, Owner);
        Active.AddSubtree("LUO", blob, 1);
        Assert.That(() => Active.AddSubtree("LUO", blob, 1), Generations.Refusal(LiveUpdateError.Exists));
        int added = 0;
        Assert.That(
            () =>
            {
                for (; ; added++)
                    Active.AddSubtree($"subtree-{added}", blob, 1);
            },
            Generations.Refusal(LiveUpdateError.OutOfMemory));
        using KexecHandover next = Generations.Pending(Active);
        Assert.That(next.TryGetSubtree($"subtree-{added - 1}", out _), Is.True);
        Assert.That(next.TryGetSubtree($"subtree-{added}", out _), Is.False);
    }

    [TestCase("")]
    [TestCase("a/b")]
    [TestCase("a\0b")]
    public void BadSubtreeNamesAreMisuse(string name) =>
        Assert.That(() => Active.AddSubtree(name, Region.Base, 1), Throws.ArgumentException);

    [Test]
    public void ARemovedSubtreeIsGone()
    {
        PhysicalAddress blob = Active.AllocatePreserved(1, Owner);
        Active.AddSubtree("a", blob, 1);
        Active.AddSubtree("b", blob, 1);
        Active.RemoveSubtree("a");
        Active.RemoveSubtree("never there");
        using KexecHandover next = Generations.Pending(Active);
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
        Active.WriteHandover();
        Region.GetSpan(Region.Base, Page)[offset] ^= (byte)flip;
        Assert.That(() => KexecHandover.Attach(Region), Generations.Damage());
    }

    [Test]
    public void AllocationFaultsAreRefusals()
    {
        Active.AllocationFault = bytes => bytes == 8192;
        KhoAccount before = Active.GetAccount();
        Assert.That(() => Active.AllocatePreserved(8192, Owner), Generations.Refusal(LiveUpdateError.OutOfMemory));
        Assert.That(Active.GetAccount().FreePages, Is.EqualTo(before.FreePages));
        Assert.That(() => Active.AllocatePreserved(4096, Owner), Throws.Nothing);
    }

    [Test]
    public void AMapWithoutRoomIsARefusalThatLeavesNothing()
    {
        List<PhysicalAddress> blocks = [];
        while (Active.GetAccount().FreePages > 1)
            blocks.Add(Active.Allocate(Page, Owner));
        // The first preserved page needs five more for the map.
        Assert.That(() => Active.AllocatePreserved(Page, Owner), Generations.Refusal(LiveUpdateError.OutOfMemory));
        Assert.That(() => Active.Preserve(blocks[0]), Generations.Refusal(LiveUpdateError.OutOfMemory));
        KhoAccount account = Active.GetAccount();
        Assert.That((account.FreePages, account.TreePages, Owner.Pages), Is.EqualTo((1L, 1L, (long)blocks.Count)));
        Assert.That(() => Active.FreePreserved(blocks[0]), Throws.ArgumentException);
        blocks.ForEach(Active.Free);
        Assert.That(() => Active.AllocatePreserved(Page, Owner), Throws.Nothing);
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
                    if (random.Next(3) > 0 && Active.TryAllocatePreserved(bytes, owner, out PhysicalAddress address, out _))
                    {
                        Active.GetSpan(address, 8).Fill((byte)seed);
                        blocks.Add(address);
                    }
                    else if (blocks.Count > 0)
                    {
                        int pick = random.Next(blocks.Count);
                        Assert.That(Active.GetSpan(blocks[pick], 8).ContainsAnyExcept((byte)seed), Is.False, "nobody else has it");
                        Active.FreePreserved(blocks[pick]);
                        blocks.RemoveAt(pick);
                    }
                }
                blocks.ForEach(Active.FreePreserved);
                Assert.That(owner.Pages, Is.Zero);
            });
        Generations.AssertBalanced(Active);
        Assert.That(Active.GetAccount().Owners, Is.Empty);
        using KexecHandover next = Generations.Next(Active);
        Assert.That(next.GetAccount().Unrestored, Is.Empty);
    }

    [Test]
    public void TheHotPathsAllocateNothingManaged()
    {
        var blocks = new BlockSet(Active, 64, Owner);
        var pool = new RecordPool(Active, 64, Owner);
        blocks.EnsureCapacity(100);
        PhysicalAddress first = pool.Allocate();
        Assert.That(Measure(Work), Is.GreaterThanOrEqualTo(0), "warm");
        Assert.That(Measure(Work), Is.Zero);
        pool.Free(first);

        void Work()
        {
            for (int i = 0; i < 50; i++)
            {
                PhysicalAddress page = Active.AllocatePreserved(Page, Owner);
                blocks.GetEntry(i)[0] = Active.GetSpan(page, 1)[0];
                Active.FreePreserved(page);
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
