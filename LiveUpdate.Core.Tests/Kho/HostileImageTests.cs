using System.Buffers.Binary;
using CsCheck;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Kho;

/// <summary>Whatever a predecessor left is read, or refused with the one exception for it; never a crash, never an endless loop.</summary>
public sealed class HostileImageTests
{
    private const int Page = Generations.Page;

    // A page, an offset in it, and either any number, or one that looks like an address or a small count.
    private static readonly Gen<(int Page, int Word, ulong Value)[]> s_changes = Gen.Select(
        Gen.Int[0, 1 << 20],
        Gen.Frequency((3, Gen.Int[0, 12]), (1, Gen.Int[0, 511])),
        Gen.Frequency((1, Gen.ULong), (2, Gen.ULong[0, 400].Select(page => 0x1_0000_0000 + (page << 12))), (1, Gen.ULong[0, 70])))
        .Array[1, 6];

    [Test]
    public void PropertyADamagedHandOverIsReadOrRefused() =>
        s_changes.Sample(
            changes =>
            {
                using KhoMemory memory = KhoMemory.Allocate(2 << 20);
                WriteHandover(memory);
                int used = (int)BinaryPrimitives.ReadUInt64LittleEndian(memory.GetSpan(memory.Base + 80, 8));
                foreach ((int page, int word, ulong value) in changes)
                {
                    PhysicalAddress address = memory.Base + (((1L + (page % (used - 1))) * Page) + (word * 8));
                    BinaryPrimitives.WriteUInt64LittleEndian(memory.GetSpan(address, 8), value);
                }
                ReadAndGoOn(memory);
            },
            iter: 400,
            writeLine: TestContext.Out.WriteLine);

    [Test]
    public void PropertyADamagedCapturedImageIsReadOrRefused()
    {
        byte[] deviceTree = File.ReadAllBytes(Path.Combine(Generations.CapturedImage, "fdt.bin"));
        KhoImage original = KhoImage.Load(Generations.CapturedImage);
        LuoImage luo = LuoImage.Read(original)!;
        PhysicalAddress[] roots = [original.PreservedMemoryMap, luo.Root.Sessions, luo.Root.Flbs];
        PhysicalAddress[] structures = [.. roots, .. luo.Sessions.SelectMany(Structures).Where(address => !address.IsNone)];
        s_changes.Sample(
            changes =>
            {
                using FileStream pages = File.OpenRead(Path.Combine(Generations.CapturedImage, "pages.bin.gz"));
                using SparseMemory memory = SparseMemory.Load(pages);
                foreach ((int page, int word, ulong value) in changes)
                {
                    bool another = value is >= 0x1_0000_0000 and < 0x2_0000_0000;
                    ulong address = another ? structures[(value >> 12) % (ulong)structures.Length].Value : value;
                    Span<byte> target = memory.GetSpan(structures[page % structures.Length] + (word * 8), 8);
                    BinaryPrimitives.WriteUInt64LittleEndian(target, address);
                }
                try
                {
                    LuoImage.Read(KhoImage.Read(deviceTree, memory));
                }
                catch (LiveUpdateImageException exception)
                {
                    Assert.That(exception.Structure, Is.Not.Null, "it says where");
                }
            },
            iter: 300,
            writeLine: TestContext.Out.WriteLine);
        original.Memory.Dispose();
    }

    [Test]
    public void PropertyADamagedBootRecordIsRefused() =>
        Gen.Select(Gen.Int[0, 95], Gen.Int[1, 255]).Sample(
            (offset, flip) =>
            {
                using KhoMemory memory = KhoMemory.Allocate(2 << 20);
                WriteHandover(memory);
                memory.GetSpan(memory.Base, Page)[offset] ^= (byte)flip;
                Assert.That(() => KexecHandover.Attach(memory), Generations.Damage());
            },
            iter: 200,
            writeLine: TestContext.Out.WriteLine);

    [Test]
    public void ABlockOverTheDeviceTreeOrTheMapIsDamage()
    {
        foreach (int field in new[] { 0, 1 })
        {
            using KhoMemory memory = KhoMemory.Allocate(2 << 20);
            using KexecHandover kho = Generations.Cold(memory);
            PhysicalAddress block = kho.AllocatePreserved(Page, new PageOwner("test"));
            kho.WriteHandover();
            ulong deviceTree = BinaryPrimitives.ReadUInt64LittleEndian(memory.GetSpan(memory.Base + 32, 8));
            KhoRootTree tree = KhoRootTree.Read(memory.GetSpan(new PhysicalAddress(deviceTree), Page), PhysicalAddress.None);
            ulong target = field == 0 ? deviceTree : tree.PreservedMemoryMap.Value;
            Span<byte> leaf = memory.GetSpan(memory.Base, (int)memory.Length);
            int leafBit = RadixKey.Encode(block, 0).LeafBit, targetBit = RadixKey.Encode(new PhysicalAddress(target), 0).LeafBit;
            // The leaf is the only page with exactly this bit set.
            for (int page = 0; page < leaf.Length; page += Page)
            {
                Span<byte> bytes = leaf.Slice(page, Page);
                if (bytes[leafBit >> 3] == 1 << (leafBit & 7) && !bytes[((leafBit >> 3) + 1)..].ContainsAnyExcept((byte)0))
                    bytes[targetBit >> 3] |= (byte)(1 << (targetBit & 7));
            }
            Assert.That(() => KexecHandover.Attach(memory), Generations.Damage());
        }
    }

    // One session with two files, a record pool and a scattered array, in kernel order.
    private static void WriteHandover(KhoMemory memory)
    {
        using KexecHandover kho = Generations.Cold(memory);
        var owner = new PageOwner("test");
        var files = new BlockSet(kho, 64, owner);
        files.EnsureCapacity(100);
        Span<byte> entry = stackalloc byte[16];
        for (int i = 0; i < 100; i++)
        {
            var array = VmallocArray.Allocate(kho, 16, owner);
            PhysicalAddress folio = kho.AllocatePreserved(Page, owner), record = kho.AllocatePreserved(48, owner);
            new FolioRecord(folio.Value >> 12, 3, 0).Write(entry);
            array.Write(0, entry);
            new MemfdRecord(0, 100, 0, 1, array.Descriptor).Write(kho.GetSpan(record, 48));
            FileRecord.Write(files.GetEntry(i), "memfd-v2"u8, new DataHandle(record), (ulong)i);
        }
        var sessions = new BlockSet(kho, 80, owner);
        sessions.EnsureCapacity(1);
        SessionRecord.Write(sessions.GetEntry(0), "vm"u8, files.Seal(100), 100);
        PhysicalAddress flbs = kho.AllocatePreserved(Page, owner), root = kho.AllocatePreserved(32, owner);
        FlbPage.WriteHeader(kho.GetSpan(flbs, Page), 0);
        LuoRootSerializer.Write(kho.GetSpan(root, 32), new LuoRoot(1, sessions.Seal(1), flbs));
        kho.AddSubtree("LUO", root, 32);
        kho.WriteHandover();
    }

    private static void ReadAndGoOn(KhoMemory memory)
    {
        try
        {
            using KexecHandover next = KexecHandover.Attach(memory);
            try
            {
                LuoImage? image = LuoImage.Read(next);
                if (image is not null)
                    IncomingBlockSet.Open(next, image.Root.Sessions, 80, "session block", new PageOwner("reader")).Dispose();
            }
            catch (LiveUpdateImageException)
            {
            }
            next.Activate();
            Generations.AssertBalanced(next);
            foreach (PreservedRange range in next.GetAccount().Unrestored)
                Assert.That(next.TryRestoreAndFree(range.Address), Is.True);
            Generations.AssertBalanced(next);
        }
        catch (LiveUpdateImageException exception)
        {
            Assert.That(exception.Structure, Is.Not.Null, "it says where");
        }
    }

    private static IEnumerable<PhysicalAddress> Structures(LuoImageSession session) =>
        [session.FilesAddress, .. session.Files.SelectMany(Structures)];

    private static IEnumerable<PhysicalAddress> Structures(LuoImageFile file) =>
        [file.Data.Address, .. file.Memfd!.FolioChunks, .. file.Memfd.FolioPages];
}
