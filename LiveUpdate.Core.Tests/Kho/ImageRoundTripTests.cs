using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Kho;

/// <summary>What a real kernel handed over is read and written again by the library's writers: the same bytes, addresses aside.</summary>
public sealed class ImageRoundTripTests
{
    private const int Page = Generations.Page;

    private readonly Dictionary<ulong, ulong> _renamed = [];
    private KhoImage _image;
    private LuoImage _luo;
    private KhoMemory _memory;
    private KexecHandover _kho;
    private KexecHandover _next;

    [SetUp]
    public void SetUp()
    {
        _renamed.Clear();
        _image = KhoImage.Load(Generations.CapturedImage);
        _luo = LuoImage.Read(_image)!;
        _memory = KhoMemory.Allocate(8 << 20);
        _kho = Generations.Cold(_memory);
        new ImageCopy(_image, _luo, _kho).Write();
        _next = KexecHandover.Attach(_memory);
    }

    [TearDown]
    public void TearDown()
    {
        _next.Dispose();
        _kho.Dispose();
        _memory.Dispose();
        _image.Memory.Dispose();
    }

    [Test]
    public void EveryPageHasTheSameBytesWithAddressesRenamed()
    {
        LuoImage copy = LuoImage.Read(_next)!;
        _image.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree root);
        _image.TryGetSubtree(KexecMetadataAbi.SubtreeName, out KhoSubtree metadata);
        _next.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree rootCopy);
        _next.TryGetSubtree(KexecMetadataAbi.SubtreeName, out KhoSubtree metadataCopy);
        Rename(root.Address, rootCopy.Address);
        Rename(metadata.Address, metadataCopy.Address);
        Rename(_luo.Root.Flbs, copy.Root.Flbs);
        RenameChains(_luo.Root.Sessions, copy.Root.Sessions);
        for (int i = 0; i < _luo.Sessions.Count; i++)
            RenameSession(_luo.Sessions[i], copy.Sessions[i]);

        AssertSame(root.Address, 16, 24);
        AssertSame(metadata.Address);
        AssertSame(_luo.Root.Flbs);
        AssertSameBlocks(_luo.Root.Sessions, LuoAbi.SessionSize, 64);
        foreach (LuoImageSession session in _luo.Sessions)
            AssertSameSession(session);

        // Nothing was left out but the page of the device tree, which the kernel preserves and the library does not.
        ulong[] others = [.. _image.Preserved.Select(range => range.Address.Value).Except(_renamed.Keys)];
        Assert.That(others, Has.Length.EqualTo(1));
        Assert.That(_image.Memory.TryGetSpan(new PhysicalAddress(others[0]), Page, out _), Is.False, "the tree is in a file of its own");
        _next.Activate();
        Assert.That(_next.GetAccount().Unrestored.Select(range => range.Address.Value), Is.EquivalentTo(_renamed.Values));
    }

    [Test]
    public void TheDeviceTreeOfTheKernelIsWrittenByteForByte()
    {
        byte[] expected = File.ReadAllBytes(Path.Combine(Generations.CapturedImage, "fdt.bin"));
        KhoRootTree original = KhoRootTree.Read(expected, PhysicalAddress.None);
        byte[] page = new byte[Page];
        int size = original.Write(page);
        Assert.That(page[..size], Is.EqualTo(expected));
        Assert.That(page[size..], Is.All.Zero);
    }

    [Test]
    public void TheDeviceTreeInMemoryHasTheSameBytesWithAddressesRenamed()
    {
        byte[] expected = File.ReadAllBytes(Path.Combine(Generations.CapturedImage, "fdt.bin"));
        var deviceTree = new PhysicalAddress(BinaryPrimitives.ReadUInt64LittleEndian(_memory.GetSpan(_memory.Base + 32, 8)));
        byte[] found = _memory.GetSpan(deviceTree, Page).ToArray();
        KhoRootTree tree = KhoRootTree.Read(found, deviceTree);
        (ulong From, ulong To)[] addresses =
        [
            (_image.PreservedMemoryMap.Value, tree.PreservedMemoryMap.Value),
            .. _image.SubtreeNames.Select(name => (AddressOf(_image, name), AddressOf(_next, name))),
        ];
        foreach ((ulong from, ulong to) in addresses)
        {
            byte[] old = BitConverter.GetBytes(from);
            int offset = expected.AsSpan().IndexOf(old);
            BinaryPrimitives.WriteUInt64LittleEndian(expected.AsSpan(offset), to);
        }
        Assert.That(found[..expected.Length], Is.EqualTo(expected));
        Assert.That(found[expected.Length..], Is.All.Zero);
    }

    [Test]
    public void TheMapHasTheSameBytesWithAddressesRenamed()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        var pool = new PagePool(memory);
        pool.Release(1, pool.PageCount - 1);
        var owner = new PageOwner("tree");
        var tree = new PreservedPageTree(memory, pool, owner);
        tree.TryCreateRoot();
        foreach (PreservedRange range in _image.Preserved.Reverse())
            Assert.That(tree.Add(RadixKey.Encode(range.Address, range.Order)), Is.EqualTo(LiveUpdateError.None));
        int pages = AssertSameNode(_image.PreservedMemoryMap, memory, tree.Root, KhoAbi.RadixLevels - 1);
        Assert.That(owner.Pages, Is.EqualTo(pages));
    }

    private static ulong AddressOf(IIncomingMemory memory, string name)
    {
        memory.TryGetSubtree(name, out KhoSubtree subtree);
        return subtree.Address.Value;
    }

    private int AssertSameNode(PhysicalAddress node, KhoMemory memory, PhysicalAddress copy, int level)
    {
        Span<byte> expected = _image.Memory.GetSpan(node, Page), found = memory.GetSpan(copy, Page);
        if (level == 0)
        {
            Assert.That(found.SequenceEqual(expected), Is.True);
            return 1;
        }
        int pages = 1;
        ReadOnlySpan<ulong> from = MemoryMarshal.Cast<byte, ulong>(expected), to = MemoryMarshal.Cast<byte, ulong>(found);
        for (int i = 0; i < from.Length; i++)
        {
            Assert.That(to[i] == 0, Is.EqualTo(from[i] == 0));
            if (from[i] != 0)
                pages += AssertSameNode(new PhysicalAddress(from[i]), memory, new PhysicalAddress(to[i]), level - 1);
        }
        return pages;
    }

    private void Rename(PhysicalAddress from, PhysicalAddress to) => _renamed.Add(from.Value, to.Value);

    private void RenameChains(PhysicalAddress from, PhysicalAddress to)
    {
        List<PhysicalAddress> old = BlockChain.Walk(_image, from, "block"), copy = BlockChain.Walk(_next, to, "block");
        Assert.That(copy, Has.Count.EqualTo(old.Count));
        for (int i = 0; i < old.Count; i++)
            Rename(old[i], copy[i]);
    }

    private void RenameSession(LuoImageSession from, LuoImageSession to)
    {
        Assert.That((to.Name, to.FileCount, to.Files.Count), Is.EqualTo((from.Name, from.FileCount, from.Files.Count)));
        RenameChains(from.FilesAddress, to.FilesAddress);
        for (int i = 0; i < from.Files.Count; i++)
        {
            LuoImageMemfd old = from.Files[i].Memfd!, copy = to.Files[i].Memfd!;
            Rename(from.Files[i].Data.Address, to.Files[i].Data.Address);
            for (int chunk = 0; chunk < old.FolioChunks.Count; chunk++)
                Rename(old.FolioChunks[chunk], copy.FolioChunks[chunk]);
            for (int page = 0; page < old.FolioPages.Count; page++)
                Rename(old.FolioPages[page], copy.FolioPages[page]);
            for (int folio = 0; folio < old.Folios.Count; folio++)
                Rename(old.Folios[folio].Address, copy.Folios[folio].Address);
        }
    }

    private void AssertSameSession(LuoImageSession session)
    {
        AssertSameBlocks(session.FilesAddress, LuoAbi.FileSize, 48);
        int[] everyWord = [.. Enumerable.Range(0, Page / 8).Select(word => word * 8)];
        foreach (LuoImageFile file in session.Files)
        {
            AssertSame(file.Data.Address, 32);
            foreach (PhysicalAddress chunk in file.Memfd!.FolioChunks)
                AssertSame(chunk, everyWord);
            foreach (PhysicalAddress page in file.Memfd.FolioPages)
                AssertSameFolioEntries(page);
            foreach (FolioRecord folio in file.Memfd.Folios)
                AssertSame(folio.Address);
        }
    }

    private void AssertSameBlocks(PhysicalAddress head, int entrySize, int addressOffset)
    {
        int[] offsets = [0, .. Enumerable.Range(0, BlockLayout.CapacityOf(entrySize))
            .Select(i => BlockLayout.OffsetOf(i, entrySize) + addressOffset)];
        foreach (PhysicalAddress block in BlockChain.Walk(_image, head, "block"))
            AssertSame(block, offsets);
    }

    private void AssertSameFolioEntries(PhysicalAddress address)
    {
        byte[] expected = _image.Memory.GetSpan(address, Page).ToArray();
        for (int offset = 0; offset < Page; offset += MemfdAbi.FolioSize)
        {
            FolioRecord folio = FolioRecord.Read(expected.AsSpan(offset));
            if (!folio.IsSkipped)
                new FolioRecord(_renamed[folio.Address.Value] >> 12, folio.Flags, folio.Index).Write(expected.AsSpan(offset));
        }
        Assert.That(_memory.GetSpan(new PhysicalAddress(_renamed[address.Value]), Page).SequenceEqual(expected), Is.True, $"{address}");
    }

    private void AssertSame(PhysicalAddress address, params int[] addressOffsets)
    {
        byte[] expected = _image.Memory.GetSpan(address, Page).ToArray();
        foreach (int offset in addressOffsets)
        {
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(expected.AsSpan(offset));
            BinaryPrimitives.WriteUInt64LittleEndian(expected.AsSpan(offset), value == 0 ? 0 : _renamed[value]);
        }
        Assert.That(_memory.GetSpan(new PhysicalAddress(_renamed[address.Value]), Page).SequenceEqual(expected), Is.True, $"{address}");
    }
}
