using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <content>What an agent before this one left: handed over by an update, or stored for one that died.</content>
public sealed partial class AgentServer
{
    /// <summary>The key of what the update socket's state is handed over under.</summary>
    internal const string UpdateState = "u";

    /// <summary>The key of the connection to the keeper.</summary>
    internal const string Keeper = "k";

    private void GoOnAfterUpdate(IReadOnlyDictionary<string, SafeFileHandle> baggage)
    {
        try
        {
            if (baggage.TryGetValue(Keeper, out SafeFileHandle? keeper))
                _store = AgentStore.Keeper(Detach(keeper));
            _ = _store.Take();
            AdoptStored(baggage);
            AgentLedger ledger = AgentLedger.Open(Take(baggage, StoreKey.Ledger));
            _books = new AgentBooks(ledger, _store, _backEnd);

            // From here on every session of the ledger is an incoming one.
            ledger.Generation++;
            EndSessionConnections(baggage);
            RestoreIncoming();
            Listen(baggage);
            RestoreDevices(baggage, isAfterDeath: false);
            RestoreUpdates(baggage);
            ledger.Settle();
        }
        finally
        {
            foreach (SafeFileHandle handle in baggage.Values)
                handle.Dispose();
        }
    }

    // What the agent before this one stored under these keys is stored still.
    private void AdoptStored(IReadOnlyDictionary<string, SafeFileHandle> baggage)
    {
        foreach ((string key, SafeFileHandle handle) in baggage)
        {
            if (key is not (UpdateState or Keeper))
                _store.Adopt(key, handle);
        }
    }

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

    private void ReportLost(int session, Exception exception) =>
        AgentLog.NotRebuilt(Logger, SessionName.FromImage(Books.Ledger.Session(session).Name).ToString(), exception);

    // After an update: what clients had open was of the generation before, and they are told.
    private void EndSessionConnections(IReadOnlyDictionary<string, SafeFileHandle> handles)
    {
        AgentLedger ledger = Books.Ledger;
        foreach (int index in ledger.Contents.Sessions)
        {
            int record = ledger.Session(index).Connection;
            if (record < 0)
                continue;
            if (handles.TryGetValue(StoreKey.OfConnection(record), out SafeFileHandle? socket) && !socket.IsInvalid)
            {
                using AgentSocket ending = NewSocket(Detach(socket));
                ClientConnection.SendOwn(ending, AgentProtocol.Ended, LiveUpdateError.Shutdown, ledger.Connection(record).Count);
            }

            ledger.Park(index);
            Books.RemoveConnection(record);
        }
    }

    private void RestoreIncoming()
    {
        AgentLedger ledger = Books.Ledger;
        HashSet<SessionName>? arrived = ListArrived();
        ILookup<int, int> files = FilesBySession();
        foreach (int index in ledger.Contents.Sessions)
        {
            HeldSession held = Restore(index, files);
            bool isOlder = ledger.Session(index).Generation + 1 < ledger.Generation;
            if (held.IsFinished || isOlder || arrived?.Contains(held.Name) == false)
                Books.Remove(held);
            else
                Sessions.Add(held);
        }
    }

    /// <summary>The names that came; null where the device does not list them.</summary>
    private HashSet<SessionName>? ListArrived()
    {
        try
        {
            return [.. Device.GetIncomingSessions().Select(static name => SessionName.TryCreate(name, out SessionName parsed) ? parsed : default)];
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotSupported)
        {
            return null;
        }
    }

    // After a death: each session goes on with its connection, or is closed where the client has closed that meanwhile.
    private void RestoreSessions(IReadOnlyDictionary<int, Session> sessions, IReadOnlyDictionary<string, SafeFileHandle> stored)
    {
        var connections = new List<SessionConnection>();
        ILookup<int, int> files = FilesBySession();
        foreach (int index in Books.Ledger.Contents.Sessions)
        {
            HeldSession held = Restore(index, files);
            sessions.TryGetValue(index, out Session? session);
            if (held.Connection < 0 && held is { IsIncoming: true, IsFinished: false })
            {
                Sessions.Add(held);
                continue;
            }

            if (session is null || !stored.TryGetValue(StoreKey.OfConnection(held.Connection), out SafeFileHandle? socket))
            {
                // Without its connection an incoming session is one that its client has closed.
                if (session is not null && held is { IsIncoming: true, IsFinished: false })
                {
                    Sessions.Add(held);
                    Books.Park(held);
                }
                else
                    Books.Remove(held);
                session?.Dispose();
                continue;
            }

            held.Session = session;
            Sessions.Add(held);
            connections.Add(new SessionConnection(this, NewSocket(Detach(socket)), held));
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

    private ILookup<int, int> FilesBySession() =>
        Books.Ledger.Contents.Files.ToLookup(file => Books.Ledger.PreservedFile(file).Session);

    private HeldSession Restore(int index, ILookup<int, int> files)
    {
        AgentLedger ledger = Books.Ledger;
        LedgerSession record = ledger.Session(index);
        UserAccount owner = _users.Of(record.User);
        var held = new HeldSession(SessionName.FromImage(record.Name), ledger.IsIncoming(index), owner, index)
        {
            Connection = record.Connection,
            IsFinished = record.State == LedgerSessionState.Finished,
        };
        foreach (int file in files[index])
        {
            held.Files.Add(file);
            held.Bytes += (long)ledger.PreservedFile(file).ByteCount;
        }

        owner.Restore(sessions: 1, files: held.Files.Count, bytes: held.Bytes);
        return held;
    }

    private void RestoreDevices(IReadOnlyDictionary<string, SafeFileHandle> handles, bool isAfterDeath)
    {
        foreach (int record in Books.Ledger.Contents.Connections)
        {
            LedgerConnection connection = Books.Ledger.Connection(record);
            if (connection.State != LedgerConnectionState.Device)
                continue;
            if (!handles.TryGetValue(StoreKey.OfConnection(record), out SafeFileHandle? socket))
            {
                Books.RemoveConnection(record);
                continue;
            }

            UserAccount user = _users.Of(connection.User);
            user.Restore(connections: 1);
            var device = new DeviceConnection(this, NewSocket(Detach(socket)), user, record);
            TryBeOpener(device);
            if (isAfterDeath && connection is { Phase: LedgerPhase.Answered, Request: AgentProtocol.Greeting })
                device.Greet(Flags);
            else if (isAfterDeath)
                device.Resume();
            Run(device);
        }
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

    private void RestoreUpdates(IReadOnlyDictionary<string, SafeFileHandle> baggage)
    {
        var sockets = new Dictionary<int, SafeFileHandle>();
        foreach (int record in Books.Ledger.Contents.Connections)
        {
            LedgerConnection connection = Books.Ledger.Connection(record);
            if (connection.State != LedgerConnectionState.Update)
                continue;
            if (baggage.TryGetValue(StoreKey.OfConnection(record), out SafeFileHandle? socket) && !socket.IsInvalid)
            {
                EnterUpdateClient(record, connection.User);
                sockets.Add(record, Detach(socket));
            }
            else
                Books.RemoveConnection(record);
        }

        if (!baggage.TryGetValue(UpdateState, out SafeFileHandle? state))
            return;
        byte[] saved = AgentStateFile.Read(state);
        if (_backEnd.HasSessionDescriptors)
        {
            // Behind a kexec: the programs are new, and connect anew.
            UpdateSaved update = UpdateSaved.Read(saved);
            _updates.BeginClaiming(update.Update, update.ClaimTime, update.Expected);
        }
        else
        {
            _updates.Restore(saved, sockets);
            foreach (int record in sockets.Keys.Except(_updates.Sockets.Keys))
                UpdateClientClosed(record);
        }
    }

    private void EnterUpdateClient(int record, uint user)
    {
        UserAccount account = _users.Of(user);
        account.Restore(updateConnections: 1);
        lock (_lock)
            _updateClients.Add(record, account);
    }

    private void Listen(IReadOnlyDictionary<string, SafeFileHandle> handles)
    {
        _deviceListener = Listen(handles, StoreKey.DeviceListener, AgentProtocol.DeviceSocket, GreetDeviceClient);
        _updateListener = Listen(handles, StoreKey.UpdateListener, AgentProtocol.UpdateSocket, GreetUpdateClient);
    }

    private AgentListener Listen(IReadOnlyDictionary<string, SafeFileHandle> handles, string key, string name, Action<SafeFileHandle> taken)
    {
        string path = Path.Combine(_options.Directory, name);
        Socket socket;
        if (handles.TryGetValue(key, out SafeFileHandle? handed) && !handed.IsInvalid)
        {
            socket = new Socket(new SafeSocketHandle(handed.DangerousGetHandle(), ownsHandle: true));
            handed.SetHandleAsInvalid();
        }
        else
        {
            socket = AgentDirectory.Listen(path, _options);
            _store.Store(key, socket.SafeHandle);
        }

        return new AgentListener(socket, path, Gate, Logger, taken);
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

    private static SafeFileHandle Take(IReadOnlyDictionary<string, SafeFileHandle> baggage, string key) =>
        baggage.TryGetValue(key, out SafeFileHandle? handle) ? Detach(handle) : throw new LiveUpdateImageException(
            LiveUpdateError.InvalidArgument, "the agent's session", PhysicalAddress.None, 0, $"a file named \"{key}\"", "none");

    /// <summary>Moves a descriptor to another owner; what it was taken from is invalid afterwards.</summary>
    private static SafeFileHandle Detach(SafeFileHandle handle)
    {
        var detached = new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: true);
        handle.SetHandleAsInvalid();
        return detached;
    }
}
