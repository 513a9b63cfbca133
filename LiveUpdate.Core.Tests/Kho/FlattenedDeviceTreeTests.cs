using System.Buffers.Binary;
using CsCheck;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class FlattenedDeviceTreeTests
{
    // The example of reference 2.8.
    private const string Example = """
        d0 0d fe ed 00 00 01 1d 00 00 00 38 00 00 00 e4 00 00 00 28 00 00 00 11 00 00 00 10 00 00 00 00
        00 00 00 39 00 00 00 ac 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00
        00 00 00 03 00 00 00 07 00 00 00 15 6b 68 6f 2d 76 34 00 00 00 00 00 03 00 00 00 08 00 00 00 00
        00 00 03 02 01 00 00 00 00 00 00 01 4c 55 4f 00 00 00 00 03 00 00 00 08 00 00 00 2f 20 00 00 00
        00 00 00 00 00 00 00 03 00 00 00 08 00 00 00 20 00 00 05 02 01 00 00 00 00 00 00 02 00 00 00 01
        6b 65 78 65 63 2d 6d 65 74 61 64 61 74 61 00 00 00 00 00 03 00 00 00 08 00 00 00 2f 49 00 00 00
        00 00 00 00 00 00 00 03 00 00 00 08 00 00 00 20 00 00 04 02 01 00 00 00 00 00 00 02 00 00 00 02
        00 00 00 09 70 72 65 73 65 72 76 65 64 2d 6d 65 6d 6f 72 79 2d 6d 61 70 00 63 6f 6d 70 61 74 69
        62 6c 65 00 70 72 65 73 65 72 76 65 64 2d 64 61 74 61 00 62 6c 6f 62 2d 73 69 7a 65 00
        """;

    private static byte[] ExampleBytes => Convert.FromHexString(Example.ReplaceLineEndings("").Replace(" ", ""));

    [Test]
    public void A65_TheExampleIsWrittenByteForByte()
    {
        var tree = new KhoRootTree(new PhysicalAddress(0x1_0203_0000));
        tree.Add("kexec-metadata", new KhoSubtree(new PhysicalAddress(0x1_0204_0000), 73));
        tree.Add("LUO", new KhoSubtree(new PhysicalAddress(0x1_0205_0000), 32));
        byte[] page = new byte[4096];
        page.AsSpan().Fill(0xEE);
        int size = tree.Write(page);
        Assert.That(page[..size], Is.EqualTo(ExampleBytes));
        Assert.That(page[size..], Is.All.Zero);
        Assert.That(tree.EncodedLength, Is.EqualTo(size));
    }

    [Test]
    public void TheExampleIsRead()
    {
        KhoRootTree tree = KhoRootTree.Read(ExampleBytes, PhysicalAddress.None);
        Assert.That(tree.PreservedMemoryMap.Value, Is.EqualTo(0x1_0203_0000));
        Assert.That(tree.Names, Is.EqualTo(new[] { "LUO", "kexec-metadata" }));
        Assert.That(tree.TryGet("kexec-metadata", out KhoSubtree subtree), Is.True);
        Assert.That(subtree, Is.EqualTo(new KhoSubtree(new PhysicalAddress(0x1_0204_0000), 73)));
        Assert.That(tree.TryGet("kexec", out _), Is.False);
    }

    [Test]
    public void PropertyWhatIsWrittenIsRead() =>
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 20], Gen.ULong, Gen.Long[0, long.MaxValue]).Array[0, 40].Sample(
            subtrees =>
            {
                var tree = new KhoRootTree(new PhysicalAddress(0x1000));
                Dictionary<string, KhoSubtree> model = [];
                foreach ((string name, ulong address, long size) in subtrees)
                {
                    var subtree = new KhoSubtree(new PhysicalAddress(address), size);
                    if (tree.Add(name, subtree) == LiveUpdateError.None)
                        model.Add(name, subtree);
                }
                byte[] page = new byte[4096];
                int length = tree.Write(page);
                Assert.That(length, Is.EqualTo(tree.EncodedLength));
                KhoRootTree read = KhoRootTree.Read(page.AsSpan(0, length), PhysicalAddress.None);
                Assert.That(read.Names, Is.EqualTo(model.Keys.Reverse()));
                foreach ((string name, KhoSubtree subtree) in model)
                    Assert.That(read.TryGet(name, out KhoSubtree found) && found == subtree, Is.True);
            },
            iter: 200,
            writeLine: TestContext.Out.WriteLine);

    [Test]
    public void PropertyADamagedTreeIsReadOrRefused() =>
        Gen.Select(Gen.Int[0, 284], Gen.Byte).Array[1, 8].Sample(
            changes =>
            {
                byte[] bytes = ExampleBytes;
                foreach ((int offset, byte value) in changes)
                    bytes[offset] = value;
                try
                {
                    KhoRootTree tree = KhoRootTree.Read(bytes, PhysicalAddress.None);
                    foreach (string name in tree.Names)
                        tree.TryGet(name, out _);
                }
                catch (LiveUpdateImageException)
                {
                }
            },
            iter: 4_000,
            writeLine: TestContext.Out.WriteLine);

    [Test]
    public void EveryTruncationIsDamage()
    {
        byte[] bytes = ExampleBytes;
        for (int length = 0; length < bytes.Length; length++)
            Assert.That(() => KhoRootTree.Read(bytes.AsSpan(0, length), PhysicalAddress.None), Generations.Damage(), $"{length}");
    }

    [TestCase(0x00, 0xD00DFEEEU, "magic")]
    [TestCase(0x04, 0U, "total size")]
    [TestCase(0x04, 286U, "total size")]
    [TestCase(0x08, 0x39U, "structure not aligned")]
    [TestCase(0x08, 0xFFFFFFFCU, "structure outside")]
    [TestCase(0x0C, 0xFFFFFFFFU, "strings outside")]
    [TestCase(0x14, 16U, "version")]
    [TestCase(0x18, 18U, "last compatible version")]
    [TestCase(0x20, 0x3AU, "size of strings")]
    [TestCase(0x24, 0xFFFFFFF0U, "size of structure")]
    [TestCase(0x38, 3U, "no root")]
    [TestCase(0x38, 9U, "empty tree")]
    [TestCase(0x44, 0x7FFFFFFFU, "length of a property")]
    [TestCase(0x48, 0x39U, "name of a property")]
    [TestCase(0xE0, 1U, "no end")]
    public void ADamagedFieldIsRefused(int offset, uint value, string what)
    {
        byte[] bytes = ExampleBytes;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(offset), value);
        Assert.That(() => KhoRootTree.Read(bytes, PhysicalAddress.None), Generations.Damage(), what);
    }

    [Test]
    public void A64_AnotherVersionIsRefused()
    {
        byte[] bytes = ExampleBytes;
        bytes[0x51] = (byte)'3';
        Assert.That(
            () => KhoRootTree.Read(bytes, PhysicalAddress.None),
            Throws.TypeOf<LiveUpdateImageException>().With.Property("Found").EqualTo("kho-v3"));
    }

    [Test]
    public void A64_TheCompatiblePropertyIsAList()
    {
        byte[] page = new byte[512];
        int size = Write(page, "kho-v5\0kho-v4\0"u8, 0x1000);
        Assert.That(() => KhoRootTree.Read(page.AsSpan(0, size), PhysicalAddress.None), Throws.Nothing);
        size = Write(page, "kho-v44\0kho-v\0kho-v4x"u8, 0x1000);
        Assert.That(() => KhoRootTree.Read(page.AsSpan(0, size), PhysicalAddress.None), Generations.Damage());
    }

    [Test]
    public void A64_TheMapMustBeThere()
    {
        byte[] page = new byte[512];
        int size = Write(page, "kho-v4\0"u8, 0);
        Assert.That(() => KhoRootTree.Read(page.AsSpan(0, size), PhysicalAddress.None), Generations.Damage(), "0");
        size = Write(page, "kho-v4\0"u8, null);
        Assert.That(() => KhoRootTree.Read(page.AsSpan(0, size), PhysicalAddress.None), Generations.Damage(), "missing");
    }

    [TestCase(null, 8)]
    [TestCase(8, null)]
    [TestCase(4, 8)]
    [TestCase(8, 9)]
    public void A63_ADamagedSubtreeIsRefusedWhenItIsAskedFor(int? addressBytes, int? sizeBytes)
    {
        byte[] page = new byte[512];
        var writer = new FlattenedDeviceTreeWriter(page);
        writer.BeginNode("");
        writer.Property("compatible"u8, "kho-v4\0"u8);
        writer.Property("preserved-memory-map"u8, 0x1000);
        writer.BeginNode("bad");
        if (addressBytes is { } a)
            writer.Property("preserved-data"u8, new byte[a]);
        if (sizeBytes is { } s)
            writer.Property("blob-size"u8, new byte[s]);
        writer.EndNode();
        writer.EndNode();
        KhoRootTree tree = KhoRootTree.Read(page.AsSpan(0, writer.Finish()), PhysicalAddress.None);
        Assert.That(() => tree.TryGet("bad", out _), Generations.Damage());
        Assert.That(tree.TryGet("good", out _), Is.False);
    }

    [Test]
    public void ADeepTreeIsDamage()
    {
        byte[] page = new byte[4096];
        var writer = new FlattenedDeviceTreeWriter(page);
        for (int i = 0; i < 100; i++)
            writer.BeginNode("");
        for (int i = 0; i < 100; i++)
            writer.EndNode();
        writer.Finish();
        Assert.That(() => KhoRootTree.Read(page, PhysicalAddress.None), Generations.Damage());
    }

    [Test]
    public void TheWriterRefusesMisuseAndLackOfRoom()
    {
        Assert.That(() => new FlattenedDeviceTreeWriter(new byte[55]).Finish(), Throws.ArgumentException);
        Assert.That(() => new FlattenedDeviceTreeWriter(new byte[56]).Finish(), Throws.ArgumentException);
        Assert.That(() => new FlattenedDeviceTreeWriter(new byte[64]).EndNode(), Throws.InvalidOperationException);
        Assert.That(
            () =>
            {
                var writer = new FlattenedDeviceTreeWriter(new byte[128]);
                writer.BeginNode("");
                writer.Finish();
            },
            Throws.InvalidOperationException);
        for (int length = 56; length < ExampleBytes.Length; length++)
        {
            var tree = new KhoRootTree(new PhysicalAddress(1));
            tree.Add("kexec-metadata", default);
            tree.Add("LUO", default);
            Assert.That(() => tree.Write(new byte[length]), Throws.ArgumentException);
        }
    }

    private static int Write(byte[] page, ReadOnlySpan<byte> compatible, ulong? map)
    {
        var writer = new FlattenedDeviceTreeWriter(page);
        writer.BeginNode("");
        writer.Property("compatible"u8, compatible);
        if (map is { } address)
            writer.Property("preserved-memory-map"u8, address);
        writer.EndNode();
        return writer.Finish();
    }
}
