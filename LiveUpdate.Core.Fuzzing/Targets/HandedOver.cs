using LiveUpdate.Abi;
using LiveUpdate.Fuzzing.Running;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A hand-over as the kernel lays it out: sessions with memfds whose folios are listed in scattered arrays.</summary>
internal static class HandedOver
{
    private const int Pages = 96;

    private static readonly PageOwner s_owner = new("fuzzing");

    /// <summary>Writes it.</summary>
    /// <param name="files">How many memfds there are; two blocks of them from 64 on.</param>
    /// <param name="isDamaged">Which pages are to be damaged, as the next generation sees them.</param>
    public static DamagedMemory Make(int files, Func<KexecHandover, PhysicalAddress, bool> isDamaged)
    {
        GuardedMemory memory = GuardedMemory.Create(Pages * LuoAbi.PageSize);
        using (KexecHandover kho = KexecHandover.Attach(memory))
        {
            kho.Activate();
            Write(kho, files);
            kho.WriteHandover();
        }

        using KexecHandover next = KexecHandover.Attach(memory);
        return new DamagedMemory(memory, page => isDamaged(next, page));
    }

    private static void Write(KexecHandover kho, int count)
    {
        var files = new BlockSet(kho, LuoAbi.FileSize, s_owner);
        files.EnsureCapacity(count);
        for (int i = 0; i < count; i++)
            FileRecord.Write(files.GetEntry(i), MemfdAbi.CompatibleUtf8, new DataHandle(WriteMemfd(kho)), (ulong)i);
        var sessions = new BlockSet(kho, LuoAbi.SessionSize, s_owner);
        sessions.EnsureCapacity(2);
        SessionRecord.Write(sessions.GetEntry(0), "vm"u8, files.Seal(count), (ulong)count);
        SessionRecord.Write(sessions.GetEntry(1), "empty"u8, PhysicalAddress.None, 0);
        PhysicalAddress flbs = kho.AllocatePreserved(LuoAbi.PageSize, s_owner), root = kho.AllocatePreserved(LuoAbi.RootSize, s_owner);
        FlbPage.WriteHeader(kho.GetSpan(flbs, LuoAbi.PageSize), 1);
        FlbPage.WriteEntry(kho.GetSpan(flbs, LuoAbi.PageSize), 0, "flb-v1"u8, new DataHandle(flbs), 1);
        LuoRootSerializer.Write(kho.GetSpan(root, LuoAbi.RootSize), new LuoRoot(1, sessions.Seal(2), flbs));
        kho.AddSubtree(LuoAbi.SubtreeName, root, LuoAbi.RootSize);
        PhysicalAddress metadata = kho.AllocatePreserved(KexecMetadataAbi.Size, s_owner);
        KexecMetadata.Write(kho.GetSpan(metadata, KexecMetadataAbi.Size), "7.3.0"u8, 1);
        kho.AddSubtree(KexecMetadataAbi.SubtreeName, metadata, KexecMetadataAbi.Size);
    }

    private static PhysicalAddress WriteMemfd(KexecHandover kho)
    {
        Span<byte> entry = stackalloc byte[MemfdAbi.FolioSize];
        var array = VmallocArray.Allocate(kho, MemfdAbi.FolioSize, s_owner);
        PhysicalAddress folio = kho.AllocatePreserved(LuoAbi.PageSize, s_owner), record = kho.AllocatePreserved(MemfdAbi.RecordSize, s_owner);
        new FolioRecord(folio.Value >> LuoAbi.PageShift, 3, 0).Write(entry);
        array.Write(0, entry);
        new MemfdRecord(0, LuoAbi.PageSize, 0, 1, array.Descriptor).Write(kho.GetSpan(record, MemfdAbi.RecordSize));
        return record;
    }
}
