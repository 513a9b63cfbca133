using System.Buffers;
using CsCheck;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Kho;

public class PreservedBufferWriterTests() : ActiveGenerationFixture(32 << 20)
{
    private const int Page = 4096;

    [Test]
    public void WhatIsWrittenLiesInTheRoomWithoutGaps()
    {
        Gen.Select(Gen.Int[0, 900], Gen.Int[0, 900], Gen.Bool).Array[0, 60].Sample(
            writes =>
            {
                using var room = new PreservedRoom(Active, 7 * Page, Owner);
                using var writer = new PreservedBufferWriter(room);
                var expected = new List<byte>();
                byte next = 0;
                foreach ((int hint, int count, bool asMemory) in writes)
                {
                    int length = Math.Max(hint, count);
                    if (expected.Count + count > room.Capacity)
                        break;
                    Span<byte> span = asMemory ? writer.GetMemory(length).Span : writer.GetSpan(length);
                    Assert.That(span.Length, Is.GreaterThanOrEqualTo(Math.Max(1, length)));
                    for (int i = 0; i < count; i++)
                        expected.Add(span[i] = next++);
                    writer.Advance(count);
                }

                Assert.That(writer.Written, Is.EqualTo(expected.Count));
                Assert.That(Content(room).AsSpan(0, expected.Count).SequenceEqual(expected.ToArray()), Is.True);
                Assert.That(writer.ComputeChecksum(), Is.EqualTo(Crc32C.Of(expected.ToArray())));
            },
            writeLine: TestContext.Out.WriteLine,
            iter: 300);
    }

    [Test]
    public void RoomIsFilledToItsLastByteAndNotBeyond()
    {
        using var room = new PreservedRoom(Active, 3 * Page, Owner);
        using var writer = new PreservedBufferWriter(room);
        byte[] bytes = new byte[(3 * Page) - 5];
        new Random(1).NextBytes(bytes);
        writer.Write(bytes);
        writer.GetSpan(100)[..5].Fill(0xAB);
        writer.Advance(5);

        Assert.That(writer.Written, Is.EqualTo(room.Capacity));
        Assert.That(Content(room)[^5..], Is.All.EqualTo(0xAB));
        Assert.That(writer.GetSpan().Length, Is.Positive, "the contract of IBufferWriter");
        writer.Advance(0);
        Assert.That(writer.HasOverflowed, Is.False);

        writer.GetSpan();
        AssertNoSpace(() => writer.Advance(1));
        Assert.That(writer.HasOverflowed, Is.True);
        Assert.That(writer.Written, Is.EqualTo(room.Capacity));
    }

    [Test]
    public void OneSpanMayCoverSeveralBlocks()
    {
        using var room = new PreservedRoom(Active, 11 << 20, Owner);
        using var writer = new PreservedBufferWriter(room);
        byte[] bytes = new byte[9 << 20];
        new Random(2).NextBytes(bytes);
        writer.Write("abc"u8);
        bytes.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);

        Assert.That(Content(room).AsSpan(3, bytes.Length).SequenceEqual(bytes), Is.True);
    }

    [Test]
    public void SpanThatNothingInTheRoomCouldNeedIsRefusedUnlessAnnounced()
    {
        using var room = new PreservedRoom(Active, Page, Owner);
        using var writer = new PreservedBufferWriter(room);
        AssertNoSpace(() => writer.GetSpan(17 << 20));
        Assert.That(writer.HasOverflowed, Is.True);
        writer.Reset();
        Assert.That(writer.HasOverflowed, Is.False);
        Assert.That(writer.GetSpan(3 * Page).Length, Is.GreaterThanOrEqualTo(3 * Page));

        using var announced = new PreservedBufferWriter(room, largestSpan: 17 << 20);
        Assert.That(announced.GetSpan(17 << 20).Length, Is.GreaterThanOrEqualTo(17 << 20));
    }

    [Test]
    public void ResetStartsAgain()
    {
        using var room = new PreservedRoom(Active, 2 * Page, Owner);
        using var writer = new PreservedBufferWriter(room);
        writer.Write(new byte[5000]);
        writer.Reset();
        writer.Write("again"u8);
        Assert.That(writer.Written, Is.EqualTo(5));
        Assert.That(Content(room).AsSpan(0, 5).SequenceEqual("again"u8), Is.True);
    }

    [Test]
    public void WritingAllocatesNothing()
    {
        using var room = new PreservedRoom(Active, 9 << 20, Owner);
        using var writer = new PreservedBufferWriter(room);
        byte[] bytes = new byte[1000];
        Fill();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Fill()
        {
            writer.Reset();
            for (int i = 0; i < 9000; i++)
                writer.Write(bytes);
            writer.ComputeChecksum();
        }
    }

    [Test]
    public void MisuseIsRefused()
    {
        using var room = new PreservedRoom(Active, Page, Owner);
        var writer = new PreservedBufferWriter(room);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new PreservedBufferWriter(null!), Throws.ArgumentNullException);
            Assert.That(() => new PreservedBufferWriter(room, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => writer.GetSpan(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => writer.Advance(1), Throws.TypeOf<ArgumentOutOfRangeException>(), "nothing was asked for");
            Assert.That(() => writer.Advance(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        }

        int length = writer.GetSpan().Length;
        Assert.That(() => writer.Advance(length + 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        writer.Dispose();
        writer.Dispose();
        Assert.That(() => writer.GetSpan(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public unsafe void PinnedMemoryStaysMappedWhileItIsPinned()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        Memory<byte> bytes = new KhoMemoryManager(memory, memory.Base + Page, Page).Memory;
        bytes.Span[7] = 42;
        using (MemoryHandle pin = bytes[7..].Pin())
        {
            memory.Dispose();

            // The pin holds the mapping, so the byte can still be read.
            Assert.That(*(byte*)pin.Pointer, Is.EqualTo(42));
        }

        Assert.That(() => bytes.Span.Length, Throws.TypeOf<ObjectDisposedException>());
    }

    private static void AssertNoSpace(Action action) => Assert.That(
        action, Throws.TypeOf<LiveUpdateException>().With.Property(nameof(LiveUpdateException.Error)).EqualTo(LiveUpdateError.NoSpace));

    private byte[] Content(PreservedRoom room) =>
        [.. room.Ranges.SelectMany(range => Active.GetSpan(range.Address, (int)range.Length).ToArray())];
}
