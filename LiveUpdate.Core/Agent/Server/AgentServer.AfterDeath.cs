using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <content>What was stored for an agent that died.</content>
public sealed partial class AgentServer
{
    private void GoOnAfterDeath(IReadOnlyDictionary<string, SafeFileHandle> stored)
    {
        try
        {
            if (!stored.TryGetValue(StoreKey.Ledger, out SafeFileHandle? file))
            {
                var made = AgentLedger.Create(LedgerCapacity.Default);
                _books = new AgentBooks(made, _store, _backEnd);
                _store.Store(StoreKey.Ledger, made.File);
                Listen(stored);
                return;
            }

            var ledger = AgentLedger.Open(Detach(file));
            _books = new AgentBooks(ledger, _store, _backEnd);

            // While nothing is served: a record that is free here may be somebody's a moment later.
            RemoveUnknown(stored.Keys);
            if (!ledger.IsSettled)
                EndSessionConnections(stored);
            RestoreSessions(_backEnd.Rebuild(ledger, stored, ReportLost), stored);
            Listen(stored);
            RestoreDevices(stored, isAfterDeath: true);
            RestoreUpdateClients(stored);
            if (!ledger.IsSettled)
                ledger.Settle();
        }
        finally
        {
            foreach (SafeFileHandle handle in stored.Values)
                handle.Dispose();
        }
    }

    private void ReportLost(int session, int? file, Exception exception)
    {
        AgentLog.NotRebuilt(Logger, SessionName.FromImage(Books.Ledger.Session(session).Name).ToString(), exception);

        // The session goes on without it, and its token is free.
        if (file is { } lost)
            Books.RemoveFile(lost);
    }

    // After a death: each session goes on with its connection, or is closed where the client has closed that meanwhile.
    private void RestoreSessions(IReadOnlyDictionary<int, Session> sessions, IReadOnlyDictionary<string, SafeFileHandle> stored)
    {
        var connections = new List<SessionConnection>();
        ILookup<int, int> files = FilesBySession();
        foreach (int index in Books.Ledger.Contents.Sessions)
        {
            if (Reconnect(Restore(index, files), sessions.GetValueOrDefault(index), stored) is { } connection)
                connections.Add(connection);
        }

        // Those that are closed first: who asks for their names again is answered after that.
        foreach (SessionConnection connection in connections.Where(static one => one.IsClosed))
            connection.CloseNow();
        foreach (SessionConnection connection in connections.Where(one => one.Held.Session is not null))
        {
            connection.Resume();
            Run(connection);
        }
    }

    /// <returns>The connection; null for a session that is parked, or gone.</returns>
    private SessionConnection? Reconnect(HeldSession held, Session? session, IReadOnlyDictionary<string, SafeFileHandle> stored)
    {
        if (session is not null && stored.TryGetValue(StoreKey.OfConnection(held.Connection), out SafeFileHandle? socket))
        {
            held.Session = session;
            Sessions.Add(held);
            return new SessionConnection(this, NewSocket(Detach(socket)), held);
        }

        // Without its connection an incoming session is one that its client has closed.
        if (held.IsUnfinished && (session is not null || held.Connection < 0))
        {
            Sessions.Add(held);
            if (held.Connection >= 0)
                Books.Park(held);
        }
        else
            Books.Remove(held);
        session?.Dispose();
        return null;
    }

    private void RestoreUpdateClients(IReadOnlyDictionary<string, SafeFileHandle> stored)
    {
        // An update that was done and that not everybody was told of; it is not known any more how long they were to have.
        AgentLedger ledger = Books.Ledger;
        UpdateNotice? updated = ledger.IsSettled ? null : new(UpdateMessageKind.Updated)
        {
            Number = ledger.Update,
            Generation = ledger.Generation,
            TimeLeft = new AgentUpdateOptions().ClaimTime,
        };
        foreach (int record in Books.Ledger.Contents.Connections)
        {
            LedgerConnection connection = Books.Ledger.Connection(record);
            if (connection.State != LedgerConnectionState.Update)
                continue;
            if (stored.TryGetValue(StoreKey.OfConnection(record), out SafeFileHandle? socket))
            {
                EnterUpdateClient(record, connection.User);
                _updates.Adopt(record, Detach(socket), connection.User, isAfterCrash: true, updated);
            }
            else
                Books.RemoveConnection(record);
        }
    }

    // A death between two steps leaves descriptors under keys that no record has.
    private void RemoveUnknown(IEnumerable<string> keys)
    {
        AgentLedger ledger = Books.Ledger;
        foreach (string key in keys)
        {
            if (!StoreKey.TryParse(key, out char table, out int index))
                continue;
            bool isKnown = table switch
            {
                'c' => index < ledger.Capacity.Connections && ledger.Connection(index).State != LedgerConnectionState.Free,
                'f' => index < ledger.Capacity.Files && ledger.PreservedFile(index).State != LedgerFileState.Free,
                _ => index < ledger.Capacity.Sessions && ledger.Session(index).State != LedgerSessionState.Free,
            };
            if (!isKnown)
                _store.Remove(key);
        }
    }
}
