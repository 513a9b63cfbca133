using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>The golden vectors, written and read.</summary>
public class GoldenVectorTests
{
    private static readonly PhysicalAddress s_sessions = new(0x102060000);
    private static readonly PhysicalAddress s_flbs = new(0x102070000);
    private static readonly PhysicalAddress s_files = new(0x102080000);
    private static readonly DataHandle s_data = new(0x102090000);
    private static readonly VmallocDescriptor s_folios = new(new PhysicalAddress(0x1020A0000), 1, KhoAbi.VmallocPlain, 0);

    [Test]
    public void Root()
    {
        var root = new LuoRoot(3, s_sessions, s_flbs);
        byte[] bytes = new byte[32];
        LuoRootSerializer.Write(bytes, in root);
        Assert.That(bytes, Is.EqualTo(Golden.Root));
        Assert.That(LuoRootSerializer.Read(Golden.Root), Is.EqualTo(root));
    }

    [Test]
    public void RootWithTheSessionsWrittenLater()
    {
        byte[] bytes = new byte[32];
        LuoRootSerializer.Write(bytes, new LuoRoot(3, PhysicalAddress.None, s_flbs));
        LuoRootSerializer.WriteSessions(bytes, s_sessions);
        Assert.That(bytes, Is.EqualTo(Golden.Root));
    }

    [Test]
    public void SessionBlock()
    {
        byte[] page = new byte[4096];
        SessionRecord.Write(new BlockWriter(page, 80).Append(), "vm-a"u8, s_files, 1);
        Assert.That(page, Is.EqualTo(Golden.SessionBlock));

        BlockReader block = BlockReader.OfSessions(Golden.SessionBlock, s_sessions);
        var session = SessionRecord.Read(block[0]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(block.Count, Is.EqualTo(1));
            Assert.That(block.Next.IsNone);
            Assert.That(session.Name.SequenceEqual("vm-a"u8));
            Assert.That(session.Files, Is.EqualTo(s_files));
            Assert.That(session.FileCount, Is.EqualTo(1UL));
            Assert.That(session.IsEmpty, Is.False);
        }
    }

    [Test]
    public void FileBlock()
    {
        byte[] page = new byte[4096];
        FileRecord.Write(new BlockWriter(page, 64).Append(), "memfd-v2"u8, s_data, 0x1234);
        Assert.That(page, Is.EqualTo(Golden.FileBlock));

        byte[] bulk = new byte[4096];
        var compatible = CompatibleField.Encode("memfd-v2");
        FileRecordWriter.Write(new BlockWriter(bulk, 64).Append(1), compatible.Bytes, [new FileRecordData(s_data, 0x1234)]);
        Assert.That(bulk, Is.EqualTo(Golden.FileBlock));

        BlockReader block = BlockReader.OfFiles(Golden.FileBlock, s_files);
        var file = FileRecord.Read(block[0]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(block.Count, Is.EqualTo(1));
            Assert.That(file.Compatible.SequenceEqual(MemfdAbi.CompatibleUtf8));
            Assert.That(file.IsTerminated);
            Assert.That(compatible.Matches(file.CompatibleBytes));
            Assert.That(file.Data, Is.EqualTo(s_data));
            Assert.That(file.Token, Is.EqualTo(new Token(0x1234)));
        }
    }

    [Test]
    public void FlbPageWithOneEntry()
    {
        byte[] page = new byte[4096];
        FlbPage.WriteEntry(page, 0, "iommu-core-v1"u8, new DataHandle(77), 2);
        FlbPage.WriteHeader(page, 1);
        Assert.That(page, Is.EqualTo(Golden.FlbPage));

        FlbRecord[] records = FlbPage.Read(Golden.FlbPage, s_flbs);
        Assert.That(records, Has.Length.EqualTo(1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(records[0].Name.SequenceEqual("iommu-core-v1"u8));
            Assert.That(records[0].Data, Is.EqualTo(new DataHandle(77)));
            Assert.That(records[0].Count, Is.EqualTo(2UL));
        }
    }

    [Test]
    public void Memfd()
    {
        var record = new MemfdRecord(5, 8192, MemfdAbi.SealSeal, 2, s_folios);
        byte[] bytes = new byte[48];
        record.Write(bytes);
        Assert.That(bytes, Is.EqualTo(Golden.Memfd));

        MemfdRecord read = MemfdRecord.Read(Golden.Memfd);
        Assert.That(read, Is.EqualTo(record));
        Assert.That(() => read.Check(new PhysicalAddress(0x102090000)), Throws.Nothing);
        Assert.That(VmallocDescriptor.Read(Golden.Memfd.AsSpan(32)), Is.EqualTo(s_folios));
    }

    [Test]
    public void Folio()
    {
        var record = new FolioRecord(0x123456, MemfdAbi.FolioDirty | MemfdAbi.FolioUpToDate, 7);
        byte[] bytes = new byte[16];
        record.Write(bytes);
        Assert.That(bytes, Is.EqualTo(Golden.Folio));

        FolioRecord read = FolioRecord.Read(Golden.Folio);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(read, Is.EqualTo(record));
            Assert.That(read.PageFrame, Is.EqualTo(0x123456UL));
            Assert.That(read.Flags, Is.EqualTo(3u));
            Assert.That(read.Index, Is.EqualTo(7UL));
            Assert.That(read.Address, Is.EqualTo(new PhysicalAddress(0x123456000)));
        }
    }
}
