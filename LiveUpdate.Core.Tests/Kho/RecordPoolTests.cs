using System.Buffers.Binary;
using CsCheck;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class RecordPoolTests() : ActiveGenerationFixture(4 << 20)
{
    private const int Page = Generations.Page;
    private const int Size = 64;
    private const string Structure = "memfd record";

    [Test]
    public void ManyRecordsShareAPage()
    {
        var pool = new RecordPool(Active, Size, Owner);
        PhysicalAddress[] records = [.. Enumerable.Range(0, 630).Select(_ => pool.Allocate())];
        Assert.That(records, Is.Unique);
        Assert.That(Owner.Pages, Is.EqualTo(10), "63 in a page");
        Assert.That(records.All(record => record.IsAligned(8)), Is.True);
        foreach (PhysicalAddress record in records)
            pool.Free(record);
        Assert.That(Owner.Pages, Is.Zero);
        Generations.AssertBalanced(Active);
    }

    [TestCase(1)]
    [TestCase(24)]
    [TestCase(48)]
    [TestCase(65)]
    [TestCase(4032)]
    public void RecordsReachTheNextGeneration(int size)
    {
        var pool = new RecordPool(Active, size, Owner);
        PhysicalAddress[] records = [.. Enumerable.Range(0, 200).Select(_ => pool.Allocate())];
        for (int i = 0; i < records.Length; i++)
            Active.GetSpan(records[i], size).Fill((byte)i);
        long pages = Owner.Pages;
        KexecHandover next = Generations.Next(Active);
        Assert.That(next.GetAccount().UnrestoredPages, Is.EqualTo(pages));
        for (int i = 0; i < records.Length; i++)
            Assert.That(RecordPool.ReadIncoming(next, records[i], size, Structure).ToArray(), Is.All.EqualTo((byte)i));
        long free = next.GetAccount().FreePages;
        foreach (PhysicalAddress record in records)
            RecordPool.ReleaseIncoming(next, record, size);
        Assert.That(next.GetAccount().FreePages, Is.EqualTo(free + pages));
        Generations.AssertBalanced(next);
    }

    [Test]
    public void ARecordIsZeroedWhenItIsUsedAgain()
    {
        var pool = new RecordPool(Active, Size, Owner);
        pool.Allocate();
        PhysicalAddress record = pool.Allocate();
        Active.GetSpan(record, Size).Fill(0xFF);
        pool.Free(record);
        Assert.That(pool.Allocate(), Is.EqualTo(record));
        Assert.That(Active.GetSpan(record, Size).ToArray(), Is.All.Zero);
    }

    [Test]
    public void FreeOfWhatIsNoRecordIsMisuse()
    {
        var pool = new RecordPool(Active, Size, Owner);
        PhysicalAddress record = pool.Allocate(), other = new RecordPool(Active, Size, Owner).Allocate();
        foreach (PhysicalAddress address in (PhysicalAddress[])[record + 1, record + Size, record + -Size, other, PhysicalAddress.None])
            Assert.That(() => pool.Free(address), Throws.ArgumentException, address.ToString());
        pool.Free(record);
        Assert.That(() => pool.Free(record), Throws.ArgumentException, "twice");
    }

    [TestCase(0)]
    [TestCase(4033)]
    public void BadRecordSizesAreMisuse(int size) =>
        Assert.That(() => new RecordPool(Active, size, Owner), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void WithoutMemoryThePoolStaysAsItWas()
    {
        var pool = new RecordPool(Active, 4032, Owner);
        pool.Allocate();
        Active.AllocationFault = _ => true;
        Assert.That(() => pool.Allocate(), Generations.Refusal(LiveUpdateError.OutOfMemory));
        Active.AllocationFault = null;
        Assert.That(() => pool.Allocate(), Throws.Nothing);
        Assert.That(Owner.Pages, Is.EqualTo(2));
    }

    [Test]
    public void WhatIsNoRecordInTheImageIsDamage()
    {
        var pool = new RecordPool(Active, Size, Owner);
        PhysicalAddress record = pool.Allocate(), unused = record + Size;
        PhysicalAddress plain = Active.AllocatePreserved(Page, Owner), lost = Active.Allocate(Page, Owner);
        KexecHandover next = Generations.Next(Active);
        PhysicalAddress[] none = [PhysicalAddress.None, record + 8, record + -Size, record + (63 * Size), unused, plain + 64, lost + 64];
        foreach (PhysicalAddress address in none)
        {
            Assert.That(() => RecordPool.ReadIncoming(next, address, Size, Structure).Length, Generations.Damage(), address.ToString());
            Assert.That(() => RecordPool.ReleaseIncoming(next, address, Size), Generations.Damage(), address.ToString());
        }
        Assert.That(() => RecordPool.ReadIncoming(next, record, 48, Structure).Length, Generations.Damage(), "another size");
        RecordPool.ReleaseIncoming(next, record, Size);
        Assert.That(() => RecordPool.ReleaseIncoming(next, record, Size), Generations.Damage(), "twice");
    }

    [TestCase(0)]
    [TestCase(8)]
    [TestCase(23)]
    public void ADamagedHeaderIsFound(int offset)
    {
        PhysicalAddress record = new RecordPool(Active, Size, Owner).Allocate();
        Active.GetSpan(record + -64, 64)[offset] ^= 0x80;
        KexecHandover next = Generations.Pending(Active);
        Assert.That(() => RecordPool.ReadIncoming(next, record, Size, Structure).Length, Generations.Damage());
    }

    [Test]
    public void ReleaseBeforeTheCommitIsMisuse()
    {
        PhysicalAddress record = new RecordPool(Active, Size, Owner).Allocate();
        KexecHandover next = Generations.Pending(Active);
        Assert.That(() => RecordPool.ReleaseIncoming(next, record, Size), Throws.InvalidOperationException);
        Assert.That(BinaryPrimitives.ReadUInt64LittleEndian(Region.GetSpan(record + (16 - 64), 8)), Is.EqualTo(1));
    }

    [Test]
    public void RecordsOfOnePageAreReleasedByManyThreads()
    {
        var pool = new RecordPool(Active, Size, Owner);
        PhysicalAddress[] records = [.. Enumerable.Range(0, 6300).Select(_ => pool.Allocate())];
        KexecHandover next = Generations.Next(Active);
        Parallel.ForEach(records, record => RecordPool.ReleaseIncoming(next, record, Size));
        Assert.That(next.GetAccount().UnrestoredPages, Is.Zero);
        Generations.AssertBalanced(next);
    }

    [Test]
    public void PropertyPagesAreThoseOfTheRecordsInUse() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 1 << 20]).Array[0, 400].Sample(
            steps =>
            {
                var owner = new PageOwner("property");
                var pool = new RecordPool(Active, Size, owner);
                List<PhysicalAddress> records = [];
                foreach ((bool free, int pick) in steps)
                {
                    if (free && records.Count > 0)
                    {
                        pool.Free(records[pick % records.Count]);
                        records.RemoveAt(pick % records.Count);
                    }
                    else
                    {
                        records.Add(pool.Allocate());
                    }
                    Assert.That(owner.Pages, Is.EqualTo(records.Select(record => record.Value >> 12).Distinct().Count()));
                }
                records.ForEach(pool.Free);
                Assert.That(owner.Pages, Is.Zero);
            },
            iter: 50,
            threads: 1,
            writeLine: TestContext.Out.WriteLine);
}
