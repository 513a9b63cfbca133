using LiveUpdate.Abi;

namespace LiveUpdate.Agent;

// What an earlier process left is checked wholly before anything of it is changed.
internal sealed partial class AgentLedger
{
    private void Restore()
    {
        LedgerHeader header = Header;
        (int connectionCount, int sessionCount) = ((int)header.UsedConnections, (int)header.UsedSessions);
        for (int index = 0; index < connectionCount; index++)
            LedgerReader.Check(index, ConnectionAt(index), header);
        CheckSessions(header);
        List<int> connections = [], droppedConnections = [], sessions = [], droppedSessions = [], files = [], droppedFiles = [];
        HashSet<int> promoted = [];
        for (int index = 0; index < connectionCount; index++)
        {
            ref LedgerConnection record = ref ConnectionAt(index);
            if (record.State == LedgerConnectionState.Free)
                continue;
            bool isThere = record.State != LedgerConnectionState.Session || IsAttached(index, record.Session);
            (isThere ? connections : droppedConnections).Add(index);
            if (isThere && MakesFile(record))
                promoted.Add(record.File);
        }

        for (int index = 0; index < sessionCount; index++)
        {
            if (IsThere(index))
                sessions.Add(index);
            else if (SessionAt(index).State != LedgerSessionState.Free)
                droppedSessions.Add(index);
        }

        CheckFiles(header, promoted, files, droppedFiles);
        sessions.Sort((one, other) => SessionAt(one).Sequence.CompareTo(SessionAt(other).Sequence));
        files.Sort((one, other) => FileAt(one).Sequence.CompareTo(FileAt(other).Sequence));
        Settle(connections, droppedConnections, droppedSessions, files, droppedFiles);

        _connections.Restore(connectionCount, index => ConnectionAt(index).State == LedgerConnectionState.Free);
        _sessions.Restore(sessionCount, index => SessionAt(index).State == LedgerSessionState.Free);
        _files.Restore((int)header.UsedFiles, index => FileAt(index).State == LedgerFileState.Free);
        _sequence = (long)Math.Max(
            sessions.Count == 0 ? 0 : SessionAt(sessions[^1]).Sequence, files.Count == 0 ? 0 : FileAt(files[^1]).Sequence);
        Contents = new LedgerContents(connections, sessions, files, droppedConnections, droppedSessions, droppedFiles);
    }

    private void CheckSessions(in LedgerHeader header)
    {
        HashSet<(bool, SessionName)> names = [];
        for (int index = 0; index < header.UsedSessions; index++)
        {
            ref LedgerSession record = ref SessionAt(index);
            LedgerReader.Check(index, record, header);
            if (!IsThere(index))
                continue;
            if (!names.Add((record.Generation < header.Generation, SessionName.FromImage(record.Name))))
            {
                throw LedgerReader.Bad(
                    "session", index, 24, "a name that no other session of its side has", SessionName.Decode(record.Name));
            }

            if (record.Connection < 0)
                continue;
            ref LedgerConnection connection = ref ConnectionAt(record.Connection);
            if (connection.State != LedgerConnectionState.Session || connection.Session != index)
                throw LedgerReader.Bad("session", index, 16, "-1, or a connection of this session", record.Connection);
        }
    }

    private void CheckFiles(in LedgerHeader header, HashSet<int> promoted, List<int> files, List<int> droppedFiles)
    {
        HashSet<(int, ulong)> tokens = [];
        for (int index = 0; index < header.UsedFiles; index++)
        {
            ref LedgerFile record = ref FileAt(index);
            LedgerReader.Check(index, record, header);
            if (record.State == LedgerFileState.Free)
                continue;
            bool isThere = IsThere(record.Session) && SessionAt(record.Session).State == LedgerSessionState.Live &&
                (record.State >= LedgerFileState.Live || promoted.Contains(index));
            (isThere ? files : droppedFiles).Add(index);
            if (isThere && !tokens.Add((record.Session, record.Token)))
                throw LedgerReader.Bad("file", index, 8, "a token that no other file of its session has", record.Token);
        }
    }

    // Each step leaves what is read in the same way again.
    private void Settle(
        List<int> connections, List<int> droppedConnections, List<int> droppedSessions, List<int> files, List<int> droppedFiles)
    {
        foreach (int file in files.Where(file => FileAt(file).State == LedgerFileState.Tentative))
            CommitFile(file);
        foreach (int connection in connections)
        {
            ref LedgerConnection record = ref ConnectionAt(connection);
            if (record.File >= 0 && !MakesFile(record))
                Set(ref record.File, -1);
        }

        foreach (int session in droppedSessions)
            Set(ref SessionAt(session).RawState, (uint)LedgerSessionState.Free);
        foreach (int connection in droppedConnections)
            Set(ref ConnectionAt(connection).RawState, (uint)LedgerConnectionState.Free);
        foreach (int file in droppedFiles)
            Set(ref FileAt(file).RawState, (uint)LedgerFileState.Free);
    }

    // What came by the update before the last one went with the last: a process that died in it has not written that down.
    private bool IsThere(int session) =>
        SessionAt(session).State is LedgerSessionState.Live or LedgerSessionState.Finished && SessionAt(session).Generation + 1 >= Generation;

    private bool IsAttached(int connection, int session) => IsThere(session) && SessionAt(session).Connection == connection;

    // A request to preserve that was answered with 0 has made its file, whether or not that was written down behind it.
    private bool MakesFile(in LedgerConnection record) =>
        record is { Phase: LedgerPhase.Answered, Errno: 0, Request: LiveUpdateIoctl.PreserveFd, File: >= 0 } &&
        FileAt(record.File).Session == record.Session && FileAt(record.File).State != LedgerFileState.Free;
}
