using System.Globalization;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>Reads a <see cref="LuoImage"/>, trusting nothing in it.</summary>
/// <remarks>Every page is taken by one structure only, so that the work is bounded by the size of the memory.</remarks>
internal sealed class LuoImageReader(IIncomingMemory memory)
{
    private const string SessionBlock = "session block";
    private const string FileBlock = "file block";
    private const string MemfdStructure = "memfd record";
    private const string FolioArray = "folio array";

    private readonly HashSet<ulong> _taken = [];

    public LuoImage? Read()
    {
        if (!memory.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree subtree))
            return null;
        int size = (int)Math.Min(subtree.Size, LuoAbi.PageSize);
        LuoRoot root = LuoRootSerializer.Read(
            size == 0 ? default : memory.GetIncomingSpan(subtree.Address, size, "LUO root"), subtree.Address);
        FlbRecord[] flbs = root.Flbs.IsNone
            ? []
            : FlbPage.Read(memory.GetIncomingSpan(root.Flbs, LuoAbi.PageSize, "FLB page"), root.Flbs);
        List<LuoImageSession> sessions = [];
        foreach (PhysicalAddress block in OpenChain(root.Sessions, LuoAbi.SessionSize, SessionBlock))
        {
            BlockReader entries = BlockReader.OfSessions(memory.GetIncomingSpan(block, LuoAbi.PageSize, SessionBlock), block);
            for (int i = 0; i < entries.Count; i++)
                sessions.Add(ReadSession(SessionRecord.Read(entries[i]), block + BlockLayout.OffsetOf(i, LuoAbi.SessionSize)));
        }
        return new LuoImage { Root = root, Flbs = flbs, Sessions = sessions };
    }

    private LuoImageSession ReadSession(SessionRecord record, PhysicalAddress address)
    {
        List<LuoImageFile> files = [];
        foreach (PhysicalAddress block in OpenChain(record.Files, LuoAbi.FileSize, FileBlock))
        {
            BlockReader entries = BlockReader.OfFiles(memory.GetIncomingSpan(block, LuoAbi.PageSize, FileBlock), block);
            for (int i = 0; i < entries.Count; i++)
                files.Add(ReadFile(FileRecord.Read(entries[i])));
        }
        if (!record.IsEmpty && (ulong)files.Count != record.FileCount)
        {
            string found = record.FileCount.ToString(CultureInfo.InvariantCulture);
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument, "session record", address, 72, $"the {files.Count} files of its blocks", found);
        }
        return new LuoImageSession
        {
            Name = FixedString.Decode(record.Name),
            FilesAddress = record.Files,
            FileCount = record.FileCount,
            Files = files,
        };
    }

    private LuoImageFile ReadFile(FileRecord record)
    {
        bool memfd = record.IsTerminated && record.Compatible.SequenceEqual(MemfdAbi.CompatibleUtf8);
        return new LuoImageFile
        {
            Compatible = FixedString.Decode(record.Compatible),
            Data = record.Data,
            Token = record.Token,
            Memfd = memfd ? ReadMemfd(record.Data.Address) : null,
        };
    }

    private LuoImageMemfd ReadMemfd(PhysicalAddress address)
    {
        MemfdRecord record = MemfdRecord.Read(memory.GetIncomingSpan(address, MemfdAbi.RecordSize, MemfdStructure));
        record.Check(address);
        Take(address, MemfdStructure);
        List<PhysicalAddress> chunks = [], blocks = [];
        VmallocChain.Walk(memory, record.Folios, FolioArray, chunks, blocks);
        chunks.ForEach(chunk => Take(chunk, FolioArray));
        blocks.ForEach(block => Take(block, FolioArray));
        ulong perBlock = (ulong)(LuoAbi.PageSize << record.Folios.Order) / MemfdAbi.FolioSize;
        List<FolioRecord> folios = [];
        for (ulong i = 0; i < record.FolioCount; i++)
        {
            PhysicalAddress entry = blocks[(int)(i / perBlock)] + ((long)(i % perBlock) * MemfdAbi.FolioSize);
            FolioRecord folio = FolioRecord.Read(memory.GetIncomingSpan(entry, MemfdAbi.FolioSize, FolioArray));
            if (!folio.IsSkipped && !memory.IsRestorable(folio.Address, out _))
                throw Bad(FolioArray, entry, "the page frame of a preserved folio", folio.Address.ToString());
            folios.Add(folio);
        }
        return new LuoImageMemfd { Record = record, Folios = folios, FolioChunks = chunks, FolioPages = blocks };
    }

    private List<PhysicalAddress> OpenChain(PhysicalAddress head, int entrySize, string structure)
    {
        List<PhysicalAddress> blocks = BlockChain.Walk(memory, head, structure);
        BlockChain.CountEntries(memory, blocks, entrySize, structure);
        blocks.ForEach(block => Take(block, structure));
        return blocks;
    }

    private void Take(PhysicalAddress address, string structure)
    {
        if (!_taken.Add(address.Value))
            throw Bad(structure, address, "memory that one structure refers to", "a second reference");
    }

    private static LiveUpdateImageException Bad(string structure, PhysicalAddress address, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, structure, address, 0, expected, found);
}
