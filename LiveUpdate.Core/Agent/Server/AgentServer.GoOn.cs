using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <content>What is common to going on after an update and after a death.</content>
public sealed partial class AgentServer
{
    /// <summary>The key of what the update socket's state is handed over under.</summary>
    internal const string UpdateState = "u";

    /// <summary>The key of the connection to the keeper.</summary>
    internal const string Keeper = "k";

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

    private ILookup<int, int> FilesBySession() =>
        Books.Ledger.Contents.Files.Where(file => Books.Ledger.PreservedFile(file).State != LedgerFileState.Free)
            .ToLookup(file => Books.Ledger.PreservedFile(file).Session);

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
            held.AddFile(ledger.PreservedFile(file).Token, file, (long)ledger.PreservedFile(file).ByteCount);
        owner.Restore(sessions: 1, files: held.FileCount, bytes: held.Bytes);
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

    /// <summary>Moves a descriptor to another owner; what it was taken from is invalid afterwards.</summary>
    private static SafeFileHandle Detach(SafeFileHandle handle)
    {
        var detached = new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: true);
        handle.SetHandleAsInvalid();
        return detached;
    }
}
