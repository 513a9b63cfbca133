using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>
/// The outgoing sessions in order of creation, and the blocks they will be written to (reference 4.3, 4.7).
/// </summary>
/// <remarks>
/// <para>Room for every session is made when it is created, so that the freeze allocates nothing. A used name is refused before room is made:
/// the kernel's order leaves an empty trailing block that its successor panics at (S-06).</para>
/// <para>Freeze and unfreeze need the freeze gate closed and no lock.</para>
/// </remarks>
internal sealed class OutgoingSessionList(KexecHandover memory) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly LinkedList<OutgoingSession> _sessions = [];
    private readonly Dictionary<SessionName, OutgoingSession> _byName = [];
    private readonly BlockSet _blocks = new(memory, LuoAbi.SessionSize, new PageOwner("session blocks"));

    /// <summary>The account of the blocks of all file sets.</summary>
    public PageOwner FileBlocks { get; } = new("file blocks");

    /// <summary>How many sessions there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _sessions.Count;
        }
    }

    /// <summary>How many blocks the sessions take (reference S-05).</summary>
    public int BlockCount => _blocks.BlockCount;

    /// <summary>Makes a session (reference S-02 to S-07).</summary>
    /// <exception cref="LiveUpdateException">ENOSPC: 510 000 sessions. EEXIST: the name is in use. ENOMEM: no block.</exception>
    public OutgoingSession Create(SessionName name, SessionEnvironment environment)
    {
        lock (_lock)
        {
            if (_sessions.Count == LuoAbi.MaxSessions)
                throw Refuse(LiveUpdateError.NoSpace, $"{LuoAbi.MaxSessions} sessions is the limit of the format.");
            if (_byName.ContainsKey(name))
                throw Refuse(LiveUpdateError.Exists, "An outgoing session has this name.");
            if (environment.Files.RecordFault?.Invoke("session record") == true)
                throw Refuse(LiveUpdateError.OutOfMemory, "No memory for the session's record.");
            try
            {
                _blocks.EnsureCapacity(_sessions.Count + 1L);
            }
            catch (LiveUpdateException exception)
            {
                throw Refuse(exception.Error, "No preserved memory for the session's record.", exception);
            }

            var session = new OutgoingSession(name, environment, this);
            _byName.Add(name, session);
            session.Node = _sessions.AddLast(session);
            return session;
        }

        LiveUpdateException Refuse(LiveUpdateError error, string message, Exception? inner = null) =>
            Refusal.Create(error, "create session", message, name.ToString(), inner: inner);
    }

    /// <summary>Takes a session out; the order of the others stays (reference S-04).</summary>
    public void Remove(OutgoingSession session)
    {
        lock (_lock)
        {
            if (session.Node is null)
                return;
            _sessions.Remove(session.Node);
            session.Node = null;
            _byName.Remove(session.SessionName);
            _blocks.Trim(_sessions.Count);
        }
    }

    /// <summary>A session by its name as text, for messages; null if there is none.</summary>
    public OutgoingSession? Find(string name)
    {
        lock (_lock)
            return SessionName.TryCreate(name, out SessionName parsed) ? _byName.GetValueOrDefault(parsed) : null;
    }

    /// <summary>Freezes every file of every session; a failure unfreezes what was frozen, in the order of F-35.</summary>
    /// <exception cref="LiveUpdateException">A callback refused, or the time is over.</exception>
    public void Freeze(FreezeProgress progress)
    {
        for (LinkedListNode<OutgoingSession>? node = _sessions.First; node is not null; node = node.Next)
        {
            OutgoingSession session = node.Value;
            progress.Begin(session.Name);
            try
            {
                session.FilesAddress = session.Files.Freeze(progress);
            }
            catch (LiveUpdateException)
            {
                Unfreeze(node.Previous);
                throw;
            }
        }
    }

    /// <summary>Unfreezes every session, newest first, the files of each oldest first (reference F-36).</summary>
    public void Unfreeze() => Unfreeze(_sessions.Last);

    /// <summary>Writes the record of every session; allocates nothing.</summary>
    /// <returns>The first block and the number of files; no block without a session (reference F-33).</returns>
    public (PhysicalAddress Head, long Files) Serialize()
    {
        long index = 0;
        long files = 0;
        for (LinkedListNode<OutgoingSession>? node = _sessions.First; node is not null; node = node.Next, index++)
        {
            OutgoingSession session = node.Value;
            var record = default(LuoSessionSer);
            FixedString.Write(record.Name, session.SessionName.Utf8);
            record.FileSet.FilesAddress = session.FilesAddress.Value;
            record.FileSet.Count = (ulong)session.Files.Count;
            files += session.Files.Count;
            MemoryMarshal.Write(_blocks.GetEntry(index), record);
        }

        return (_blocks.Seal(index), files);
    }

    /// <summary>Lets the callers' handles go after the commit; no callback runs.</summary>
    public void Abandon()
    {
        foreach (OutgoingSession session in _sessions)
            session.Files.Abandon();
    }

    /// <summary>Unpreserves every session, newest first, and frees the blocks. Needs the freeze gate closed.</summary>
    public void Dispose()
    {
        while (_sessions.Last is { } last)
            last.Value.Unpreserve();
        _blocks.Dispose();
    }

    private static void Unfreeze(LinkedListNode<OutgoingSession>? node)
    {
        for (; node is not null; node = node.Previous)
            node.Value.Files.Unfreeze();
    }
}
