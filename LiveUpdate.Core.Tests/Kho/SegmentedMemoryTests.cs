using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Kho;

/// <summary>Memory that grows by segments, each a memfd that is wholly allocated and travels by itself.</summary>
[Platform("Linux", Reason = "memfds are of Linux")]
[SupportedOSPlatform("linux")]
public sealed class SegmentedMemoryTests
{
    private const long Mega = 1L << 20;

    private PageOwner _owner;

    [SetUp]
    public void SetUp() => _owner = new PageOwner("test");

    [Test]
    public void It_grows_when_a_block_needs_it_each_segment_as_long_as_all_before()
    {
        var ledger = new SegmentLedger();
        using SegmentedMemory memory = SegmentedMemory.Create(70 * Mega, ledger);
        using KexecHandover kho = Generations.Cold(memory);
        Assert.That((memory.Length, kho.GetAccount().TotalPages), Is.EqualTo((Mega, Mega / 4096)));
        List<PhysicalAddress> blocks = [];
        while (kho.TryAllocatePreserved(4 * Mega, _owner, out PhysicalAddress block, out LiveUpdateError error))
        {
            Assert.That(block.IsAligned(4 << 20), Is.True);
            kho.GetSpan(block, 4 << 20).Fill((byte)blocks.Count);
            blocks.Add(block);
        }

        Assert.That(ledger.Lengths.Select(static length => length / Mega), Is.EqualTo(new long[] { 1, 1, 2, 4, 8, 16, 16, 16, 6 }));
        Assert.That((memory.Length / Mega, blocks.Count), Is.EqualTo((70, 16)), "all but the first 4 MiB, and the last 2");
        for (int i = 0; i < blocks.Count; i++)
            Assert.That(kho.GetSpan(blocks[i], 4 << 20).ContainsAnyExcept((byte)i), Is.False);
        Generations.AssertBalanced(kho);
    }

    [Test]
    public void A_segment_is_sealed_and_has_no_hole()
    {
        using SegmentedMemory memory = SegmentedMemory.Create(64 * Mega, new SegmentLedger());
        SafeFileHandle segment = memory.Segments.Single();
        Assert.That(Libc.Fcntl(segment, Libc.F_GET_SEALS, 0), Is.EqualTo(Libc.F_SEAL_SEAL | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW));
        Assert.That(DescriptorInfo.Status(segment).Blocks * 512, Is.EqualTo((ulong)Mega));
    }

    [Test]
    public void What_is_not_mapped_is_not_there()
    {
        using SegmentedMemory memory = SegmentedMemory.Create(64 * Mega, new SegmentLedger());
        Assert.That(memory.TryGetSpan(memory.Base + (Mega - 1), 1, out _), Is.True);
        Assert.That(memory.TryGetSpan(memory.Base + (Mega - 1), 2, out _), Is.False);
        Assert.That(memory.TryGetSpan(memory.Base + (2 * Mega), 1, out _), Is.False);
        Assert.That(memory.MaxLength, Is.EqualTo(64 * Mega));
    }

    [Test]
    public void A_growth_that_the_carrier_refuses_is_the_refusal_of_the_allocation()
    {
        var ledger = new SegmentLedger();
        using SegmentedMemory memory = SegmentedMemory.Create(64 * Mega, ledger);
        using KexecHandover kho = Generations.Cold(memory);
        ledger.Refusal = LiveUpdateError.TooManyFiles;
        Assert.That(() => kho.AllocatePreserved(2 * Mega, _owner), Generations.Refusal(LiveUpdateError.TooManyFiles));
        Assert.That((memory.Length, memory.Segments.Count), Is.EqualTo((Mega, 1)));
        Assert.That(() => new PreservedRoom(kho, 2 * Mega, _owner), Generations.Refusal(LiveUpdateError.TooManyFiles));
        Generations.AssertBalanced(kho);
        Assert.That(kho.AllocatePreserved(4096, _owner).IsNone, Is.False, "what is there can be had");

        ledger.Refusal = LiveUpdateError.None;
        Assert.That(kho.AllocatePreserved(2 * Mega, _owner).IsNone, Is.False);
        Assert.That(ledger.Lengths, Is.EqualTo(new[] { Mega, Mega, 2 * Mega }));
    }

    [Test]
    public void A_generation_is_read_from_the_segments_and_grows_on()
    {
        var ledger = new SegmentLedger();
        using SegmentedMemory memory = SegmentedMemory.Create(64 * Mega, ledger);
        using KexecHandover kho = Generations.Cold(memory);
        PhysicalAddress far = kho.AllocatePreserved(4 * Mega, _owner);
        kho.GetSpan(far, 3)[2] = 42;
        kho.AddSubtree("test", far, 3);
        kho.WriteHandover();

        SafeFileHandle[] arrived = [.. memory.Segments.Select(DescriptorInfo.Duplicate)];
        using SegmentedMemory opened = SegmentedMemory.Open(arrived, 4096);
        Assert.That((opened.Length, opened.MaxLength), Is.EqualTo((8 * Mega, 8 * Mega)), "never less than what came");
        using SegmentedMemory second = SegmentedMemory.Open([.. memory.Segments.Select(DescriptorInfo.Duplicate)], 32 * Mega);
        using KexecHandover next = KexecHandover.Attach(second);
        Assert.That(next.TryGetSubtree("test", out KhoSubtree subtree), Is.True);
        Assert.That(next.GetIncomingSpan(subtree.Address, 3, "test")[2], Is.EqualTo(42));
        var onward = new SegmentLedger();
        second.Carry(onward);
        Assert.That(onward.Lengths, Is.EqualTo(ledger.Lengths));
        next.Activate();
        Assert.That(next.TryRestoreAndFree(subtree.Address), Is.True);
        var owner = new PageOwner("next");
        for (int i = 0; i < 4; i++)
            next.AllocatePreserved(4 * Mega, owner);
        Assert.That(onward.Lengths.Sum(), Is.EqualTo(32 * Mega));
        Generations.AssertBalanced(next);
    }

    [Test]
    public void Without_its_last_segment_a_hand_over_is_damaged()
    {
        using SegmentedMemory memory = SegmentedMemory.Create(64 * Mega, new SegmentLedger());
        using KexecHandover kho = Generations.Cold(memory);
        kho.AllocatePreserved(2 * Mega, _owner);
        kho.WriteHandover();
        using SegmentedMemory cut = SegmentedMemory.Open([.. memory.Segments.SkipLast(1).Select(DescriptorInfo.Duplicate)], 64 * Mega);
        Assert.That(() => KexecHandover.Attach(cut), Generations.Damage());
    }

    [Test]
    public void What_is_no_segment_is_refused_and_every_descriptor_closed()
    {
        using SegmentedMemory memory = SegmentedMemory.Create(64 * Mega, new SegmentLedger());
        SafeFileHandle good = DescriptorInfo.Duplicate(memory.Segments[0]), bad = new TestMemfd().Handle;
        Assert.That(() => SegmentedMemory.Open([good, bad], 64 * Mega), Generations.Refusal(LiveUpdateError.InvalidArgument));
        Assert.That((good.IsClosed, bad.IsClosed), Is.EqualTo((true, true)));
    }
}
