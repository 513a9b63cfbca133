using System.Runtime.InteropServices;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <content>Who connects, and the sessions that are given out.</content>
public sealed partial class AgentServer
{
    private readonly Dictionary<int, UserAccount> _updateClients = [];

    /// <summary>Has a session served by its connection.</summary>
    /// <param name="held">The session, entered in the books.</param>
    /// <param name="ours">The agent's end; owned by the connection from now on.</param>
    internal void Connect(HeldSession held, SafeFileHandle ours)
    {
        Sessions.Add(held);
        Run(new SessionConnection(this, NewSocket(ours), held));
    }

    /// <summary>Closes a session whose connection has ended; an incoming one that is not finished is parked.</summary>
    /// <returns>0, or EBUSY where a handler refused to finish.</returns>
    internal LiveUpdateError CloseSession(HeldSession held)
    {
        Session session = held.Session!;
        held.Session = null;
        if (held.IsUnfinished && !_options.CloseFinishes)
        {
            Park(held, session);
            return LiveUpdateError.None;
        }

        LiveUpdateError error = held.IsUnfinished ? Try(held, session.Finish) : LiveUpdateError.None;
        if (error == LiveUpdateError.Busy)
        {
            Park(held, session);
            return error;
        }

        // Out of the books before the name is free: two of one name must never be in them.
        Sessions.Remove(held);
        Books.Remove(held);
        LiveUpdateError closed = Try(held, session.Close);
        return error != LiveUpdateError.None ? error : closed;
    }

    /// <summary>Books that a client has closed the device.</summary>
    internal void DeviceClosed(DeviceConnection connection)
    {
        connection.User.Remove(connections: 1);
        Books.RemoveConnection(connection.Record);
        lock (_lock)
        {
            if (_opener == connection)
                _opener = null;
        }
    }

    /// <summary>Books that a client has closed the update socket.</summary>
    internal void UpdateClientClosed(int record)
    {
        UserAccount? user;
        lock (_lock)
        {
            // Twice would be another one's by then.
            if (!_updateClients.Remove(record, out user))
                return;
        }

        Books.RemoveConnection(record);
        user.Remove(updateConnections: 1);
    }

    private LiveUpdateError Try(HeldSession held, Action operation)
    {
        try
        {
            operation();
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            AgentLog.CloseRefused(Logger, held.Name.ToString(), exception);
            return exception.Error;
        }
    }

    // In the books before the session is listed again: whoever retrieves it then enters a connection of his own.
    private void Park(HeldSession held, Session session)
    {
        Books.Park(held);
        session.Dispose();
        AgentLog.Parked(Logger, held.Name.ToString(), held.Owner.User);
    }

    private void GreetDeviceClient(SafeFileHandle client)
    {
        (int process, uint user) = ProcessHandle.IdentifyPeer(client);
        UserAccount account = _users.Of(user);
        LiveUpdateError error = Enter(account, LedgerConnectionState.Device, client, process, out int record);
        if (error == LiveUpdateError.None)
        {
            var connection = new DeviceConnection(this, NewSocket(client), account, record);
            if (TryBeOpener(connection))
            {
                connection.Greet(Flags);
                Run(connection);
                return;
            }

            DeviceClosed(connection);
            error = LiveUpdateError.Busy;
            connection.Refuse(error);
            return;
        }

        using AgentSocket socket = NewSocket(client);
        ClientConnection.SendOwn(socket, AgentProtocol.Greeting, error, AgentProtocol.Version, 0);
    }

    /// <summary>What the greeting says of the agent.</summary>
    private uint Flags => (_options.CloseFinishes ? AgentProtocol.CloseFinishes : 0) | (_store.Keeps ? AgentProtocol.KeepsState : 0);

    private LiveUpdateError Enter(UserAccount account, LedgerConnectionState kind, SafeHandle client, int process, out int record)
    {
        record = -1;
        bool isUpdate = kind == LedgerConnectionState.Update;
        if (!(isUpdate ? account.TryAddUpdateConnection() : account.TryAddConnection()))
            return LiveUpdateError.QuotaExceeded;
        try
        {
            record = Books.AddConnection(kind, account.User, process, client);
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            account.Remove(connections: isUpdate ? 0 : 1, updateConnections: isUpdate ? 1 : 0);
            return exception.Error;
        }
    }

    private bool TryBeOpener(DeviceConnection connection)
    {
        lock (_lock)
        {
            if (_options.ExclusiveDevice && _opener is not null)
                return false;
            _opener = connection;
            return true;
        }
    }

    private void GreetUpdateClient(SafeFileHandle client)
    {
        (int process, uint user) = ProcessHandle.IdentifyPeer(client);
        UserAccount account = _users.Of(user);
        LiveUpdateError error = Enter(account, LedgerConnectionState.Update, client, process, out int record);
        if (error != LiveUpdateError.None)
        {
            UpdateServer.Refuse(client, error, "The agent takes no more connections of this user.");
            return;
        }

        lock (_lock)
            _updateClients.Add(record, account);
        _updates.Adopt(record, client, user);
    }
}
