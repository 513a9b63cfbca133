using System.Text;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Kho;

/// <summary>Writes what a <see cref="LuoImage"/> says into a generation, with the library's writers only.</summary>
internal sealed class ImageCopy(KhoImage image, LuoImage luo, KexecHandover kho)
{
    private readonly PageOwner _owner = new("copy");

    /// <summary>Writes everything, and the hand-over.</summary>
    public void Write()
    {
        image.TryGetSubtree(KexecMetadataAbi.SubtreeName, out KhoSubtree metadata);
        ReadOnlySpan<byte> original = image.GetIncomingSpan(metadata.Address, (int)metadata.Size, "metadata");
        Assert.That(KexecMetadata.TryRead(original, out KexecMetadata read), Is.True);
        PhysicalAddress blob = kho.AllocatePreserved(KexecMetadataAbi.Size, _owner);
        KexecMetadata.Write(kho.GetSpan(blob, KexecMetadataAbi.Size), read.PreviousRelease, read.KexecCount);
        kho.AddSubtree(KexecMetadataAbi.SubtreeName, blob, KexecMetadataAbi.Size);

        PhysicalAddress root = kho.AllocatePreserved(LuoAbi.RootSize, _owner);
        var record = new LuoRoot(luo.Root.LiveUpdateNumber, WriteSessions(), WriteFlbs());
        LuoRootSerializer.Write(kho.GetSpan(root, LuoAbi.RootSize), in record);
        kho.AddSubtree(LuoAbi.SubtreeName, root, LuoAbi.RootSize);
        kho.WriteHandover();
    }

    private PhysicalAddress WriteFlbs()
    {
        PhysicalAddress address = kho.AllocatePreserved(LuoAbi.PageSize, _owner);
        Span<byte> page = kho.GetSpan(address, LuoAbi.PageSize);
        FlbPage.WriteHeader(page, luo.Flbs.Count);
        for (int i = 0; i < luo.Flbs.Count; i++)
        {
            FlbRecord flb = luo.Flbs[i];
            FlbPage.WriteEntry(page, i, flb.Name, flb.Data, flb.Count);
        }
        return address;
    }

    private PhysicalAddress WriteSessions()
    {
        var blocks = new BlockSet(kho, LuoAbi.SessionSize, _owner);
        blocks.EnsureCapacity(luo.Sessions.Count);
        for (int i = 0; i < luo.Sessions.Count; i++)
        {
            LuoImageSession session = luo.Sessions[i];
            byte[] name = Encoding.UTF8.GetBytes(session.Name);
            SessionRecord.Write(blocks.GetEntry(i), name, WriteFiles(session.Files), (ulong)session.Files.Count);
        }
        return blocks.Seal(luo.Sessions.Count);
    }

    private PhysicalAddress WriteFiles(IReadOnlyList<LuoImageFile> files)
    {
        var blocks = new BlockSet(kho, LuoAbi.FileSize, _owner);
        blocks.EnsureCapacity(files.Count);
        for (int i = 0; i < files.Count; i++)
        {
            CompatibleField compatible = CompatibleField.Encode(files[i].Compatible);
            FileRecord.Write(blocks.GetEntry(i), in compatible, new DataHandle(WriteMemfd(files[i].Memfd!)), files[i].Token);
        }
        return blocks.Seal(files.Count);
    }

    private PhysicalAddress WriteMemfd(LuoImageMemfd memfd)
    {
        var array = VmallocArray.Allocate(kho, memfd.Folios.Count * (long)MemfdAbi.FolioSize, _owner);
        Span<byte> entry = stackalloc byte[MemfdAbi.FolioSize];
        for (int i = 0; i < memfd.Folios.Count; i++)
        {
            FolioRecord folio = memfd.Folios[i];
            Assert.That(image.IsRestorable(folio.Address, out int order), Is.True);
            int length = LuoAbi.PageSize << order;
            PhysicalAddress copy = kho.AllocatePreserved(length, _owner);
            image.GetIncomingSpan(folio.Address, length, "folio").CopyTo(kho.GetSpan(copy, length));
            new FolioRecord(copy.Value >> LuoAbi.PageShift, folio.Flags, folio.Index).Write(entry);
            array.Write((long)i * MemfdAbi.FolioSize, entry);
        }
        PhysicalAddress address = kho.AllocatePreserved(MemfdAbi.RecordSize, _owner);
        (memfd.Record with { Folios = array.Descriptor }).Write(kho.GetSpan(address, MemfdAbi.RecordSize));
        return address;
    }
}
