namespace LiveUpdate.Agent;

// Records come and go.
internal sealed partial class AgentLedger
{
    /// <summary>Enters a connection to one of the two sockets.</summary>
    /// <param name="state"><see cref="LedgerConnectionState.Device"/> or <see cref="LedgerConnectionState.Update"/>.</param>
    /// <param name="user">The user id of the client.</param>
    /// <param name="process">Its process id.</param>
    /// <returns>The index.</returns>
    /// <exception cref="LiveUpdateException">ENOSPC: the table is full.</exception>
    public int AddConnection(LedgerConnectionState state, uint user, int process) => AddConnection(state, user, process, -1);

    /// <summary>Enters the agent's end of a session; it counts once it is attached.</summary>
    /// <param name="session">The session.</param>
    /// <param name="user">The user id of the client.</param>
    /// <param name="process">Its process id.</param>
    /// <returns>The index.</returns>
    /// <exception cref="LiveUpdateException">ENOSPC: the table is full.</exception>
    public int AddSessionConnection(int session, uint user, int process) =>
        AddConnection(LedgerConnectionState.Session, user, process, session);

    /// <summary>Takes a connection out. If it is a session's, that has been parked or removed before.</summary>
    public void RemoveConnection(int connection)
    {
        Set(ref ConnectionAt(connection).RawState, (uint)LedgerConnectionState.Free);
        _connections.Return(connection);
    }

    /// <summary>Enters a session that is being made: parked, and dropped should the agent die before <see cref="CommitSession"/>.</summary>
    /// <param name="user">The user id of the owner.</param>
    /// <param name="name">1 to 63 bytes without a NUL, of no other session of its side.</param>
    /// <param name="generation">The ledger's generation for an outgoing session, an earlier one for an incoming session.</param>
    /// <returns>The index.</returns>
    /// <exception cref="ArgumentException">The name is no name of a session.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The generation is to come.</exception>
    /// <exception cref="LiveUpdateException">ENOSPC: the table is full.</exception>
    public int AddSession(uint user, ReadOnlySpan<byte> name, ulong generation)
    {
        if (!LedgerReader.IsName(name))
            throw new ArgumentException("A session's name has 1 to 63 bytes, none of them 0.", nameof(name));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(generation, Generation);
        int index = Take(_sessions, ref Header.UsedSessions);
        ref LedgerSession record = ref SessionAt(index);
        Set(ref record.User, user);
        Set(ref record.Generation, generation);
        Set(ref record.Connection, -1);
        Set(ref record.NameLength, name.Length);
        Set(ref record.NameBytes, name);
        Set(ref record.Sequence, NextSequence());
        Set(ref record.RawState, (uint)LedgerSessionState.Tentative);
        return index;
    }

    /// <summary>Gives a session its connection.</summary>
    public void Attach(int session, int connection) => Set(ref SessionAt(session).Connection, connection);

    /// <summary>Takes a session's connection away; that is removed afterwards.</summary>
    public void Park(int session) => Set(ref SessionAt(session).Connection, -1);

    /// <summary>From here on the session is there.</summary>
    public void CommitSession(int session) => Set(ref SessionAt(session).RawState, (uint)LedgerSessionState.Live);

    /// <summary>From here on the session is finished; its files go with that.</summary>
    /// <param name="session">The session.</param>
    /// <param name="files">All of its files.</param>
    public void FinishSession(int session, ReadOnlySpan<int> files)
    {
        Set(ref SessionAt(session).RawState, (uint)LedgerSessionState.Finished);
        foreach (int file in files)
            RemoveFile(file);
    }

    /// <summary>Takes a session out; its files go with it. Its connection is removed afterwards.</summary>
    /// <param name="session">The session.</param>
    /// <param name="files">All of its files.</param>
    public void RemoveSession(int session, ReadOnlySpan<int> files)
    {
        Set(ref SessionAt(session).RawState, (uint)LedgerSessionState.Free);

        // Its index becomes another session's only when none of these can be taken for that one's.
        foreach (int file in files)
            RemoveFile(file);
        _sessions.Return(session);
    }

    /// <summary>
    /// Enters a file that is being preserved; it is there once the request of a connection that makes it is answered with 0
    /// (<see cref="Make"/>), or by <see cref="CommitFile"/>.
    /// </summary>
    /// <param name="session">Its session.</param>
    /// <param name="token">The client's number for it, of no other file of the session.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <returns>The index.</returns>
    /// <exception cref="LiveUpdateException">ENOSPC: the table is full.</exception>
    public int AddFile(int session, ulong token, ulong size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)session, (uint)Capacity.Sessions, nameof(session));
        int index = Take(_files, ref Header.UsedFiles);
        ref LedgerFile record = ref FileAt(index);
        Set(ref record.Session, session);
        Set(ref record.Token, token);
        Set(ref record.ByteCount, size);
        Set(ref record.Sequence, NextSequence());
        Set(ref record.RawState, (uint)LedgerFileState.Tentative);
        return index;
    }

    /// <summary>From here on the file is there.</summary>
    public void CommitFile(int file) => Set(ref FileAt(file).RawState, (uint)LedgerFileState.Live);

    /// <summary>Writes down that a client has retrieved a file.</summary>
    public void RetrieveFile(int file) => Set(ref FileAt(file).RawState, (uint)LedgerFileState.Retrieved);

    /// <summary>Takes a file out.</summary>
    public void RemoveFile(int file)
    {
        Set(ref FileAt(file).RawState, (uint)LedgerFileState.Free);
        _files.Return(file);
    }

    private int AddConnection(LedgerConnectionState state, uint user, int process, int session)
    {
        int index = Take(_connections, ref Header.UsedConnections);
        ref LedgerConnection record = ref ConnectionAt(index);
        Set(ref record.User, user);
        Set(ref record.PhaseAndCount, LedgerConnection.Combine(LedgerPhase.Idle, 0));
        Set(ref record.Request, 0);
        Set(ref record.Errno, 0);
        Set(ref record.Session, session);
        Set(ref record.File, -1);
        Set(ref record.Process, process);
        Set(ref record.RawState, (uint)state);
        return index;
    }

    private int Take(LedgerPool pool, ref uint mark)
    {
        int index = pool.Take(ref mark);
        Stored?.Invoke();
        return index;
    }

    private ulong NextSequence() => (ulong)Interlocked.Increment(ref _sequence);
}
