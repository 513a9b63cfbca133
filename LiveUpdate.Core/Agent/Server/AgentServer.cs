using System.Net.Sockets;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// The agent: holds the sessions of a machine's programs on one device, gives them out as descriptors, and carries updates out with them
/// (docs/agent.md).
/// </summary>
/// <remarks>Safe for threads. Needs no thread of its own; requests are carried out on those of the pool.</remarks>
[SupportedOSPlatform("linux")]
public sealed class AgentServer : IAsyncDisposable
{
    private readonly AgentServerOptions _options;
    private readonly UserAccounts _users;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<ClientConnection, Task<bool>> _connections = new(ReferenceEqualityComparer.Instance);
    private AgentListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private DeviceConnection? _opener;

    /// <summary>Makes an agent; <see cref="Start"/> has it serve.</summary>
    /// <param name="device">The device, owned by the agent from now on.</param>
    /// <param name="options">Read now.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public AgentServer(LiveUpdateDevice device, AgentServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(options);
        (Device, _options, _users) = (device, options, new UserAccounts(options));
    }

    /// <summary>The device that requests go to.</summary>
    internal LiveUpdateDevice Device { get; }

    /// <summary>What requests pass, and an update closes.</summary>
    internal RequestGate Gate { get; } = new();

    /// <summary>The sessions.</summary>
    internal SessionRegistry Sessions { get; } = new();

    /// <summary>Gets the agent's messages.</summary>
    internal ILogger Logger => _options.Logger;

    /// <summary>Listens, and serves from now on.</summary>
    /// <exception cref="LiveUpdateException">EADDRINUSE: another agent has the directory. ENOENT, EACCES: the socket cannot be made.</exception>
    public void Start()
    {
        string path = Path.Combine(_options.Directory, AgentProtocol.DeviceSocket);
        Socket socket = StreamSocket.Listen(path, _options.Mode);
        _listener = new AgentListener(socket, path, Gate, Logger, Greet);
        _accepting = _listener.RunAsync(_end.Token);
    }

    /// <summary>Ends every connection with ESHUTDOWN, and the device. Sessions end as their device's do.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        KeyValuePair<ClientConnection, Task<bool>>[] connections;
        lock (_lock)
            connections = [.. _connections];
        foreach ((ClientConnection connection, Task<bool> served) in connections)
        {
            if (!await served.ConfigureAwait(false))
                connection.Dismiss(LiveUpdateError.Shutdown);
        }

        if (_listener is not null)
        {
            _listener.Dispose();
            File.Delete(Path.Combine(_options.Directory, AgentProtocol.DeviceSocket));
        }

        Device.Dispose();
    }

    /// <summary>Whether a user may retrieve the sessions of others.</summary>
    internal static bool IsPrivileged(uint user) => user == 0 || user == Libc.Geteuid();

    /// <summary>Gives a session its connection.</summary>
    /// <param name="held">Whose it is, and what is known of it.</param>
    /// <param name="session">The session.</param>
    /// <param name="ours">The agent's end; owned by the connection from now on.</param>
    internal void Connect(HeldSession held, Session session, SafeFileHandle ours)
    {
        held.Session = session;
        Sessions.Add(held);
        Run(new SessionConnection(this, NewSocket(ours), held));
    }

    /// <summary>Closes a session whose connection has ended; an incoming one that is not finished is parked.</summary>
    /// <returns>0, or EBUSY where a handler refused to finish.</returns>
    internal LiveUpdateError CloseSession(HeldSession held)
    {
        Session session = held.Session!;
        held.Session = null;
        if (held is { IsIncoming: true, IsFinished: false } && !_options.CloseFinishes)
        {
            session.Dispose();
            AgentLog.Parked(Logger, held.Name.ToString(), held.Owner.User);
            return LiveUpdateError.None;
        }

        // Out of the list before the name is free for the next one.
        Sessions.Remove(held);
        try
        {
            session.Close();
        }
        catch (LiveUpdateException exception)
        {
            AgentLog.CloseRefused(Logger, held.Name.ToString(), exception);
            Sessions.Add(held);
            return exception.Error;
        }

        held.Owner.Remove(sessions: 1, files: held.Files, bytes: held.Bytes);
        return LiveUpdateError.None;
    }

    /// <summary>Books that a client has closed the device.</summary>
    internal void DeviceClosed(DeviceConnection connection)
    {
        connection.User.Remove(connections: 1);
        lock (_lock)
        {
            if (_opener == connection)
                _opener = null;
        }
    }

    private static AgentSocket NewSocket(SafeFileHandle handle) =>
        new(handle, AgentProtocol.RequestHeader, AgentProtocol.LongestRequest);

    private void Greet(SafeFileHandle client)
    {
        (_, uint user) = ProcessHandle.IdentifyPeer(client);
        var connection = new DeviceConnection(this, NewSocket(client), _users.Of(user));
        LiveUpdateError error = Admit(connection);
        connection.Greet(error, _options.CloseFinishes ? AgentProtocol.CloseFinishes : 0);
        if (error == LiveUpdateError.None)
            Run(connection);
        else
            connection.Dispose();
    }

    private LiveUpdateError Admit(DeviceConnection connection)
    {
        if (!connection.User.TryAddConnection())
            return LiveUpdateError.QuotaExceeded;
        lock (_lock)
        {
            if (_options.ExclusiveDevice && _opener is not null)
            {
                connection.User.Remove(connections: 1);
                return LiveUpdateError.Busy;
            }

            _opener = connection;
            return LiveUpdateError.None;
        }
    }

    private void Run(ClientConnection connection)
    {
        lock (_lock)
            _connections.Add(connection, ServeAsync(connection));
    }

    /// <returns>Whether the connection is over.</returns>
    private async Task<bool> ServeAsync(ClientConnection connection)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        bool isOver = await connection.RunAsync(_end.Token).ConfigureAwait(false);
        if (isOver)
        {
            lock (_lock)
                _connections.Remove(connection);
        }

        return isOver;
    }
}
