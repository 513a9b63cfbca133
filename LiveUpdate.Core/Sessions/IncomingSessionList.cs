using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>
/// The sessions that came from the previous generation, by name and in the order of the image (reference 4.8, S-10, S-24).
/// </summary>
internal sealed class IncomingSessionList(SessionEnvironment environment)
{
    private readonly PageOwner _fileBlocks = new("incoming file blocks");
    private readonly Lock _lock = new();
    private readonly Dictionary<SessionName, IncomingRecord> _byName = [];
    private readonly LinkedList<IncomingRecord> _ordered = [];

    /// <summary>The names of the sessions that are not finished and gone, in order; a snapshot.</summary>
    public IReadOnlyList<SessionName> Names
    {
        get
        {
            lock (_lock)
                return [.. _ordered.Select(static record => record.Name)];
        }
    }

    /// <summary>The names of the sessions whose files nobody has finished, in order; a snapshot.</summary>
    public IReadOnlyList<string> UnfinishedNames
    {
        get
        {
            lock (_lock)
                return [.. _ordered.Where(static record => !record.IsFinished).Select(static record => record.Name.ToString())];
        }
    }

    /// <summary>Reads the names in the image, without deserializing it.</summary>
    /// <param name="blocks">The checked chain of session blocks; null for none.</param>
    public static IReadOnlyList<string> ReadNames(IncomingBlockSet? blocks)
    {
        var names = new List<string>();
        Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
        for (int block = 0; block < (blocks?.BlockCount ?? 0); block++)
        {
            foreach (ref readonly LuoSessionSer record in Records(blocks!, block, buffer))
                names.Add(SessionName.Decode(FixedString.ReadName(record.Name)));
        }

        return names;
    }

    /// <summary>Reads the sessions of the image and their files; no callback runs (reference ).</summary>
    /// <param name="blocks">The checked chain of session blocks; null for none.</param>
    /// <returns>How many tokens name more than one file, or how many sessions have a count without files: both accepted (4.12).</returns>
    /// <exception cref="LiveUpdateException">ENOENT: no handler for a file.</exception>
    /// <exception cref="LiveUpdateImageException">A duplicate name, or a damaged chain of files.</exception>
    public int Load(IncomingBlockSet? blocks)
    {
        if (blocks is null)
            return 0;
        int oddities = 0;
        Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
        for (int block = 0; block < blocks.BlockCount; block++)
        {
            foreach (ref readonly LuoSessionSer record in Records(blocks, block, buffer))
                oddities += LoadSession(record);
        }

        return oddities;
    }

    /// <summary>Runs every handler's check before the commit.</summary>
    /// <exception cref="LiveUpdateException">A callback refused.</exception>
    public void Verify()
    {
        foreach (IncomingRecord record in _ordered)
            record.Files.Verify();
    }

    /// <summary>Takes the blocks of files over in the account of pages, after the commit.</summary>
    public void Restore()
    {
        foreach (IncomingRecord record in _ordered)
            record.Files.Restore();
    }

    /// <summary>Claims a session (reference S-10).</summary>
    /// <exception cref="LiveUpdateException">ENOENT: no session of that name. EINVAL: it is claimed.</exception>
    public IncomingSession Claim(SessionName name)
    {
        lock (_lock)
        {
            if (!_byName.TryGetValue(name, out IncomingRecord? record))
                throw NotFound(name.ToString());
            if (!record.TryClaim())
            {
                Refusal.Throw(
                    LiveUpdateError.InvalidArgument, "retrieve session", "The session has been retrieved and not given back.", name.ToString());
            }

            return new IncomingSession(record, environment, this);
        }
    }

    /// <summary>The refusal for a name that no incoming session has.</summary>
    public static LiveUpdateException NotFound(string name) => Refusal.Create(
        LiveUpdateError.NotFound, "retrieve session", "The previous generation handed over no session of this name, or it is finished and closed.", name);

    /// <summary>Takes a finished session out; its name is free again (reference S-23).</summary>
    public void Remove(IncomingRecord record)
    {
        lock (_lock)
        {
            if (record.Node is null)
                return;
            _byName.Remove(record.Name);
            _ordered.Remove(record.Node);
            record.Node = null;
        }
    }

    /// <summary>Lets everything go without any callback: the generation is over, or could not be read.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            foreach (IncomingRecord record in _ordered)
                record.Files.Abandon();
            _byName.Clear();
            _ordered.Clear();
        }
    }

    private static ReadOnlySpan<LuoSessionSer> Records(IncomingBlockSet blocks, int block, Span<byte> buffer)
    {
        int entries = blocks.ReadBlock(block, buffer);
        return MemoryMarshal.Cast<byte, LuoSessionSer>(buffer.Slice(LuoAbi.BlockHeaderSize, entries * LuoAbi.SessionSize));
    }

    private int LoadSession(in LuoSessionSer ser)
    {
        LuoSessionSer copy = ser;
        SessionName name = SessionName.FromImage(FixedString.ReadName(copy.Name));
        var head = new PhysicalAddress(copy.FileSet.FilesAddress);
        var record = new IncomingRecord(name, environment);
        if (!_byName.TryAdd(name, record))
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.Exists, "session record", head, 0, "a name that no other session has", $"\"{name}\" again");
        }

        record.Node = _ordered.AddLast(record);
        if (head.IsNone)
            return copy.FileSet.Count == 0 ? 0 : 1;
        IncomingBlockSet files = IncomingBlockSet.Open(
            environment.Files.Memory, head, LuoAbi.FileSize, $"file block of session \"{name}\"", _fileBlocks);
        return record.Files.Load(files, copy.FileSet.Count, head);
    }
}
