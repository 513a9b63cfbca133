using System.Buffers.Binary;
using CsCheck;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Kho;

public sealed class VmallocArrayTests
{
    private const int Page = Generations.Page;
    private const string Structure = "folio array";
    private PageOwner _owner;
    private KhoMemory _memory;
    private KexecHandover _kho;

    [SetUp]
    public void SetUp()
    {
        _owner = new PageOwner("array");
        _memory = KhoMemory.Allocate(8 << 20);
        _kho = Generations.Cold(_memory);
    }

    [TearDown]
    public void TearDown()
    {
        _kho.Dispose();
        _memory.Dispose();
    }

    [TestCase(0, 0, 0)]
    [TestCase(1, 1, 1)]
    [TestCase(510 * Page, 510, 1)]
    [TestCase(511 * Page, 511, 2)]
    [TestCase((511 * Page) + 1, 512, 2)]
    [TestCase(1022 * Page, 1022, 3)]
    public void A50_AnExactMultipleHasAnEmptyChunk(long length, int pages, int chunks)
    {
        using var array = VmallocArray.Allocate(_kho, length, _owner);
        Assert.That((array.PageCount, array.ChunkCount, _owner.Pages), Is.EqualTo((pages, chunks, (long)pages + chunks)));
        var expected = new VmallocDescriptor(array.Descriptor.First, (uint)pages, (ushort)(pages == 0 ? 0 : 1), 0);
        Assert.That(array.Descriptor, Is.EqualTo(expected));
        array.Dispose();
        array.Dispose();
        Assert.That(_owner.Pages, Is.Zero);
        Generations.AssertBalanced(_kho);
    }

    [TestCase(1)]
    [TestCase(Page)]
    [TestCase(511 * Page)]
    [TestCase((600 * Page) + 17)]
    public void TheContentReachesTheNextGeneration(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        var array = VmallocArray.Allocate(_kho, length, _owner);
        int half = length / 2;
        array.Write(0, content.AsSpan(0, half));
        array.Write(half, content.AsSpan(half));
        KexecHandover next = Generations.Pending(_kho);
        var reader = new PageOwner("reader");
        using var incoming = IncomingVmallocArray.Open(next, array.Descriptor, Structure, reader);
        byte[] read = new byte[incoming.Length];
        incoming.Read(0, read.AsSpan(0, 100 % read.Length));
        incoming.Read(100 % read.Length, read.AsSpan(100 % read.Length));
        Assert.That(read.AsSpan(0, length).SequenceEqual(content), Is.True);
        Assert.That(read.AsSpan(length).ContainsAnyExcept((byte)0), Is.False);
        next.Activate();
        incoming.Restore();
        Assert.That(reader.Pages, Is.EqualTo(array.PageCount + array.ChunkCount));
        incoming.Dispose();
        Assert.That(reader.Pages, Is.Zero);
        Assert.That(() => incoming.Read(0, new byte[1]), Throws.TypeOf<ObjectDisposedException>());
        Generations.AssertBalanced(next);
    }

    [Test]
    public void AllocationIsAllOrNothing()
    {
        long free = _kho.GetAccount().FreePages;
        Assert.That(() => VmallocArray.Allocate(_kho, 9 << 20, _owner), Generations.Refusal(LiveUpdateError.OutOfMemory));
        Assert.That(() => VmallocArray.Allocate(_kho, long.MaxValue, _owner), Generations.Refusal(LiveUpdateError.FileTooLarge));
        Assert.That(() => VmallocArray.Allocate(_kho, -1, _owner), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(_owner.Pages, Is.Zero);
        Assert.That(_kho.GetAccount().FreePages + _kho.GetAccount().TreePages, Is.GreaterThanOrEqualTo(free));
    }

    [Test]
    public void PartsOutsideAreMisuse()
    {
        using var array = VmallocArray.Allocate(_kho, 100, _owner);
        Assert.That(() => array.Write(-1, [1]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => array.Write(100, [1]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => array.GetPage(1).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
        KexecHandover next = Generations.Pending(_kho);
        using var incoming = IncomingVmallocArray.Open(next, array.Descriptor, Structure, _owner);
        Assert.That(() => incoming.Read(-1, new byte[1]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => incoming.Read(Page, new byte[1]), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [TestCase(-1)]
    [TestCase(1)]
    public void A51_ATotalThatDiffersIsDamage(int difference)
    {
        var array = VmallocArray.Allocate(_kho, 3 * Page, _owner);
        VmallocDescriptor wrong = array.Descriptor with { TotalPages = (uint)(3 + difference) };
        Assert.That(() => IncomingVmallocArray.Open(Generations.Pending(_kho), wrong, Structure, _owner), Generations.Damage());
    }

    [Test]
    public void A51_UnknownFlagsAreIgnored()
    {
        var array = VmallocArray.Allocate(_kho, Page, _owner);
        VmallocDescriptor flags = array.Descriptor with { Flags = 0xFFFF };
        Assert.That(() => IncomingVmallocArray.Open(Generations.Pending(_kho), flags, Structure, _owner).Dispose(), Throws.Nothing);
    }

    [Test]
    public void APageListedTwiceOrAsAChunkIsDamage()
    {
        var array = VmallocArray.Allocate(_kho, 2 * Page, _owner);
        PhysicalAddress chunk = array.Descriptor.First;
        Span<byte> list = _kho.GetSpan(chunk, Page);
        byte[] second = list.Slice(16, 8).ToArray();
        list.Slice(8, 8).CopyTo(list[16..]);
        Assert.That(Open, Generations.Damage(), "twice");
        BinaryPrimitives.WriteUInt64LittleEndian(list[16..], chunk.Value);
        Assert.That(Open, Generations.Damage(), "chunk");
        second.CopyTo(list[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(list, chunk.Value);
        Assert.That(Open, Generations.Damage(), "loop");

        void Open() => IncomingVmallocArray.Open(Generations.Pending(_kho), array.Descriptor, Structure, _owner);
    }

    [Test]
    public void AnArrayOfLargerBlocksIsRead()
    {
        PhysicalAddress chunk = _kho.AllocatePreserved(Page, _owner), first = _kho.AllocatePreserved(4 * Page, _owner);
        PhysicalAddress second = _kho.AllocatePreserved(4 * Page, _owner);
        BinaryPrimitives.WriteUInt64LittleEndian(_kho.GetSpan(chunk + 8, 8), first.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(_kho.GetSpan(chunk + 16, 8), second.Value);
        _kho.GetSpan(first + ((4 * Page) - 1), 1)[0] = 1;
        _kho.GetSpan(second, 1)[0] = 2;
        KexecHandover next = Generations.Pending(_kho);
        var descriptor = new VmallocDescriptor(chunk, 8, 1, 2);
        byte[] border = new byte[2];
        using (var incoming = IncomingVmallocArray.Open(next, descriptor, Structure, _owner))
            incoming.Read((4 * Page) - 1, border);
        Assert.That(border, Is.EqualTo(new byte[] { 1, 2 }));
        Assert.That(() => IncomingVmallocArray.Open(next, descriptor with { Order = 1 }, Structure, _owner), Generations.Damage());
        Assert.That(() => IncomingVmallocArray.Open(next, descriptor with { Order = 11 }, Structure, _owner), Generations.Damage());
    }

    [Test]
    public void PropertyADamagedChunkIsReadOrRefused() =>
        Gen.Select(Gen.Int[0, 3], Gen.OneOf(Gen.ULong, Gen.ULong[0x1_0000_0000, 0x1_0000_0000 + (1 << 20)])).Array[1, 4].Sample(
            changes =>
            {
                using KhoMemory memory = KhoMemory.Allocate(1 << 20);
                using KexecHandover kho = Generations.Cold(memory);
                var array = VmallocArray.Allocate(kho, 2 * Page, new PageOwner("array"));
                foreach ((int slot, ulong value) in changes)
                    BinaryPrimitives.WriteUInt64LittleEndian(kho.GetSpan(array.Descriptor.First + (8 * slot), 8), value);
                using KexecHandover next = Generations.Next(kho);
                try
                {
                    var owner = new PageOwner("reader");
                    using var incoming = IncomingVmallocArray.Open(next, array.Descriptor, Structure, owner);
                    incoming.Restore();
                }
                catch (LiveUpdateImageException)
                {
                }
                Generations.AssertBalanced(next);
            },
            iter: 300,
            writeLine: TestContext.Out.WriteLine);
}
