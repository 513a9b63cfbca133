using System.Buffers.Binary;
using CsCheck;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class PreservedPageTreeTests
{
    private const int Page = Generations.Page;
    private KhoMemory _memory;
    private PagePool _pool;
    private PageOwner _owner;
    private PreservedPageTree _tree;

    [SetUp]
    public void SetUp()
    {
        _memory = KhoMemory.Allocate(2 << 20);
        _pool = new PagePool(_memory);
        _pool.Release(1, _pool.PageCount - 1);
        _owner = new PageOwner("tree");
        _tree = new PreservedPageTree(_memory, _pool, _owner);
        _tree.TryCreateRoot();
    }

    [TearDown]
    public void TearDown() => _memory.Dispose();

    [Test]
    public void A70_APathHasSixPages()
    {
        Assert.That(_tree.Add(Key(0x1_2345_6000, 0)), Is.EqualTo(LiveUpdateError.None));
        Assert.That(_owner.Pages, Is.EqualTo(6));
        Span<byte> node = _memory.GetSpan(_tree.Root, Page);
        foreach (int index in new[] { 2, 0, 0, 0, 36 })
            node = _memory.GetSpan(new PhysicalAddress(BinaryPrimitives.ReadUInt64LittleEndian(node[(8 * index)..])), Page);
        Assert.That(node[0x68A], Is.EqualTo(1 << 6));
    }

    [Test]
    public void A74_KeysThatAreTooWideAreRefused()
    {
        Assert.That(_tree.Add(new RadixKey(1UL << 53)), Is.EqualTo(LiveUpdateError.OutOfRange));
        Assert.That(() => _tree.Remove(new RadixKey(1UL << 53)), Throws.Nothing);
        Assert.That(_tree.Contains(new RadixKey(1UL << 53)), Is.False);
        Assert.That(_owner.Pages, Is.EqualTo(1));
    }

    [Test]
    public void A74_ATreeWithoutRootRefuses()
    {
        var tree = new PreservedPageTree(_memory, _pool, _owner);
        Assert.That(tree.Add(Key(0x1000, 0)), Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(() => tree.Remove(Key(0x1000, 0)), Throws.Nothing);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(4)]
    public void A74_WithoutMemoryAllPagesOfTheCallAreReleased(int freePages)
    {
        var other = new PageOwner("other");
        while (_pool.FreePages > freePages)
            _pool.TryAllocate(0, other, out _);
        Assert.That(_tree.Add(Key(0x1_2345_6000, 0)), Is.EqualTo(LiveUpdateError.OutOfMemory));
        Assert.That((_pool.FreePages, _owner.Pages), Is.EqualTo((freePages, 1L)));
        Assert.That(Keys(), Is.Empty);
    }

    [Test]
    public void A75_TheTreeIsASetAndKeepsItsPages()
    {
        RadixKey key = Key(0x1_2345_6000, 0);
        _tree.Add(key);
        _tree.Add(key);
        Assert.That(Keys(), Is.EqualTo(new[] { key }));
        _tree.Remove(key);
        _tree.Remove(key);
        Assert.That(Keys(), Is.Empty);
        Assert.That(_owner.Pages, Is.EqualTo(6));
    }

    [Test]
    public void A76_TheWalkIsAscendingAndStopsWhenTold()
    {
        RadixKey[] keys = [Key(0x1_0000_3000, 0), Key(0x1_0000_0000, 10), Key(0x1_0000_2000, 0), Key(0x1_0000_0000, 3)];
        foreach (RadixKey key in keys)
            _tree.Add(key);
        Assert.That(Keys(), Is.EqualTo(keys.OrderBy(key => key.Value)));
        Assert.That(Keys()[0].Order, Is.EqualTo(10), "large orders first");
        int visited = 0;
        PreservedPageTreeReader.Walk(_memory, _tree.Root, _ => ++visited == 2 ? 42 : 0, out int result);
        Assert.That((visited, result), Is.EqualTo((2, 42)));
    }

    [Test]
    public void PropertyTheTreeIsASet() =>
        Gen.Select(Gen.ULong[0, 60_000], Gen.Int[0, 12], Gen.Bool).Array[0, 100].Sample(
            steps =>
            {
                SetUp();
                HashSet<RadixKey> model = [];
                foreach ((ulong frame, int order, bool add) in steps)
                {
                    RadixKey key = Key(frame << (12 + order), order);
                    if (add)
                    {
                        Assert.That(_tree.Add(key), Is.EqualTo(LiveUpdateError.None));
                        model.Add(key);
                    }
                    else
                    {
                        _tree.Remove(key);
                        model.Remove(key);
                    }
                    Assert.That(_tree.Contains(key), Is.EqualTo(add));
                }
                Assert.That(Keys(), Is.EqualTo(model.OrderBy(key => key.Value)));
                _memory.Dispose();
            },
            iter: 100,
            threads: 1,
            writeLine: TestContext.Out.WriteLine);

    [TestCase(1UL, "not aligned")]
    [TestCase(0x1_0000_0000UL + (2 << 20), "behind the memory")]
    [TestCase(0xFFFF_FFFF_FFFF_F000UL, "far behind the memory")]
    [TestCase(0x1000UL, "before the memory")]
    public void AnAddressOfNoPageIsDamage(ulong address, string why)
    {
        _tree.Add(Key(0x1_2345_6000, 0));
        BinaryPrimitives.WriteUInt64LittleEndian(_memory.GetSpan(_tree.Root, Page)[16..], address);
        Assert.That(() => Keys(), Generations.Damage(), why);
    }

    [Test]
    public void ALoopIsDamage()
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_memory.GetSpan(_tree.Root, Page)[16..], _tree.Root.Value);
        Assert.That(() => Keys(), Generations.Damage());
    }

    [Test]
    public void APageThatIsUsedTwiceIsDamage()
    {
        _tree.Add(Key(0x1_2345_6000, 0));
        Span<byte> root = _memory.GetSpan(_tree.Root, Page);
        root.Slice(16, 8).CopyTo(root[8..]);
        Assert.That(() => Keys(), Generations.Damage());
    }

    [Test]
    public void ABitThatIsNoKeyIsDamage()
    {
        // Entry 0 at every level and bit 0: the key without a marker.
        _tree.Add(Key(0, 52));
        Span<byte> node = _memory.GetSpan(_tree.Root, Page);
        for (int level = 0; level < 5; level++)
            node = _memory.GetSpan(new PhysicalAddress(BinaryPrimitives.ReadUInt64LittleEndian(node)), Page);
        node[0] |= 1;
        Assert.That(() => Keys(), Generations.Damage());
    }

    private static RadixKey Key(ulong address, int order) => RadixKey.Encode(new PhysicalAddress(address), order);

    private List<RadixKey> Keys()
    {
        List<RadixKey> keys = [];
        PreservedPageTreeReader.Walk(
            _memory,
            _tree.Root,
            key =>
            {
                keys.Add(key);
                return 0;
            },
            out _);
        return keys;
    }
}
