using System.Buffers.Binary;
using System.IO.Compression;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class SparseMemoryTests
{
    private const int Page = Generations.Page;

    [Test]
    public void PagesThatFollowEachOtherAreOneStretch()
    {
        using SparseMemory memory = SparseMemory.Load(Gzip(Records(0x2000, 0x3000, 0x9000)));
        Assert.That((memory.Base.Value, memory.Length, memory.PageCount), Is.EqualTo((0x2000UL, 0x8000L, 3L)));
        Assert.That(memory.GetSpan(new PhysicalAddress(0x2F00), 0x200).Length, Is.EqualTo(0x200));
        Assert.That(memory.GetSpan(new PhysicalAddress(0x9000), Page)[0], Is.EqualTo(9));
        foreach ((ulong address, int length) in new[] { (0x1000UL, 1), (0x3F00UL, 0x200), (0x4000UL, 1), (0xA000UL, 1), (0x8FFFUL, 2) })
        {
            Assert.That(memory.TryGetSpan(new PhysicalAddress(address), length, out _), Is.False, $"0x{address:x}");
            Assert.That(() => memory.GetSpan(new PhysicalAddress(address), length).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void DisposedMemoryThrows()
    {
        SparseMemory memory = SparseMemory.Load(Gzip(Records(0x2000)));
        memory.Lease().Dispose();
        memory.Dispose();
        Assert.That(() => memory.GetSpan(new PhysicalAddress(0x2000), 1).Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(memory.Lease, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void NoGenerationLivesInIt()
    {
        using SparseMemory memory = SparseMemory.Load(Gzip(Records(0x2000)));
        Assert.That(() => KexecHandover.Attach(memory), Throws.ArgumentException);
    }

    [Test]
    public void DamagedStreamsAreRefused()
    {
        byte[] good = Records(0x2000, 0x3000);
        Assert.That(() => SparseMemory.Load(new MemoryStream()), Generations.Damage(), "empty");
        Assert.That(() => SparseMemory.Load(Gzip([])), Generations.Damage(), "no records");
        Assert.That(() => SparseMemory.Load(new MemoryStream(good)), Generations.Damage(), "not gzip");
        Assert.That(() => SparseMemory.Load(Gzip(good[..^1])), Generations.Damage(), "cut record");
        Assert.That(() => SparseMemory.Load(Gzip(good[..4107])), Generations.Damage(), "cut address");
        Assert.That(() => SparseMemory.Load(Gzip(Records(0x2001))), Generations.Damage(), "not aligned");
        Assert.That(() => SparseMemory.Load(Gzip(Records(0x3000, 0x2000))), Generations.Damage(), "descending");
        Assert.That(() => SparseMemory.Load(Gzip(Records(0x2000, 0x2000))), Generations.Damage(), "twice");
        Assert.That(() => SparseMemory.Load(Gzip(Records(0xFFFF_FFFF_FFFF_F000))), Generations.Damage(), "no physical address");
        Assert.That(() => SparseMemory.Load(Gzip(good), maxBytes: Page), Generations.Damage(), "too much");
        Assert.That(() => SparseMemory.Load(null!), Throws.ArgumentNullException);
        byte[] compressed = Gzip(good).ToArray();
        Assert.That(() => SparseMemory.Load(new MemoryStream(compressed[..^12])), Generations.Damage(), "cut stream");
    }

    [Test]
    public void FromPagesTakesThemInAnyOrder()
    {
        using SparseMemory memory = SparseMemory.FromPages([Pair(0x5000, Page), Pair(0x1000, Page)]);
        Assert.That((memory.Base.Value, memory.PageCount), Is.EqualTo((0x1000UL, 2L)));
        Assert.That(() => SparseMemory.FromPages([Pair(0x5000, Page), Pair(0x5000, Page)]), Throws.ArgumentException);
        Assert.That(() => SparseMemory.FromPages([Pair(0x5001, Page)]), Throws.ArgumentException);
        Assert.That(() => SparseMemory.FromPages([Pair(0x5000, Page - 1)]), Throws.ArgumentException);
    }

    private static KeyValuePair<PhysicalAddress, byte[]> Pair(ulong address, int length) =>
        new(new PhysicalAddress(address), new byte[length]);

    private static byte[] Records(params ulong[] addresses)
    {
        byte[] bytes = new byte[addresses.Length * (8 + Page)];
        for (int i = 0; i < addresses.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * (8 + Page)), addresses[i]);
            bytes.AsSpan((i * (8 + Page)) + 8, Page).Fill((byte)(addresses[i] >> 12));
        }
        return bytes;
    }

    private static MemoryStream Gzip(byte[] bytes)
    {
        var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        stream.Position = 0;
        return stream;
    }
}
