using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>A session that the agent holds for a user: open, with a connection, or parked.</summary>
/// <remarks>
/// What changes is guarded by the one connection that it has, and by the registry while it has none. Its files may be read at any time.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class HeldSession(SessionName name, bool isIncoming, UserAccount owner, int index)
{
    private readonly OrderedDictionary<ulong, int> _files = [];
    private long _bytes;

    /// <summary>The name, unique on its side.</summary>
    public SessionName Name => name;

    /// <summary>Whether it came from the previous generation.</summary>
    public bool IsIncoming => isIncoming;

    /// <summary>Whose it is.</summary>
    public UserAccount Owner => owner;

    /// <summary>The number of its record in the ledger.</summary>
    public int Index => index;

    /// <summary>The number of its connection's record; -1 while it is parked.</summary>
    public int Connection { get; set; } = -1;

    /// <summary>The session itself, while it has a connection; null while it is parked.</summary>
    public Session? Session { get; set; }

    /// <summary>Whether it is finished.</summary>
    public bool IsFinished { get; set; }

    /// <summary>Whether it came, and is not finished.</summary>
    public bool IsUnfinished => isIncoming && !IsFinished;

    /// <summary>The numbers of its files' records, in the order in which they were preserved; none once it is finished.</summary>
    public IReadOnlyList<int> Files
    {
        get
        {
            lock (_files)
                return [.. _files.Values];
        }
    }

    /// <summary>How many files it has.</summary>
    public int FileCount
    {
        get
        {
            lock (_files)
                return _files.Count;
        }
    }

    /// <summary>The files' size in bytes when they were preserved.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Adds a file.</summary>
    /// <param name="token">Its token, of no other file of the session.</param>
    /// <param name="record">The number of its record.</param>
    /// <param name="bytes">Its size.</param>
    public void AddFile(ulong token, int record, long bytes)
    {
        lock (_files)
        {
            _files.Add(token, record);
            _bytes += bytes;
        }
    }

    /// <summary>Finds a file's record.</summary>
    public bool TryFindFile(ulong token, out int record)
    {
        lock (_files)
            return _files.TryGetValue(token, out record);
    }

    /// <summary>Takes all files out.</summary>
    public void ClearFiles()
    {
        lock (_files)
        {
            _files.Clear();
            _bytes = 0;
        }
    }
}
