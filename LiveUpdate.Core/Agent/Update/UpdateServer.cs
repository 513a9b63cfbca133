using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The server side of the update socket: takes connections that were accepted, and runs updates. Safe for threads.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class UpdateServer : IAsyncDisposable
{
    private readonly UpdateHost _host;
    private readonly ILogger _logger;
    private readonly UpdateCoordinator _coordinator;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, UpdateConnection> _connections = [];
    private bool _isAtRest;
    private bool _isDisposed;

    /// <summary>Makes one without connections.</summary>
    /// <param name="host">The server around it; not called before the first connection is adopted.</param>
    /// <param name="time">The clock of updates; null for the system's.</param>
    /// <param name="logger">Gets what became of updates and connections; null for nobody.</param>
    /// <param name="patience">How long a message may take from its first byte to its last; null for the protocol's time.</param>
    public UpdateServer(UpdateHost host, TimeProvider? time = null, ILogger? logger = null, TimeSpan? patience = null)
    {
        (_host, _logger, Patience) = (host, logger ?? NullLogger.Instance, patience);
        _coordinator = new UpdateCoordinator(host, time ?? TimeProvider.System, _logger, Resume);
    }

    /// <summary>How long a message may take from its first byte to its last; null for the protocol's time.</summary>
    public TimeSpan? Patience { get; }

    /// <summary>Where the update is.</summary>
    public AgentUpdatePhase Phase => _coordinator.Phase;

    /// <summary>The update under way, for who carries it across a kexec: its number, the time to claim, and who takes part.</summary>
    public UpdateSaved Current => _coordinator.Save();

    /// <summary>
    /// The sockets by key, for the successor or for what keeps them; owned by the server. A snapshot, without those on which a message was
    /// sent in part: they are of no use to anybody.
    /// </summary>
    public IReadOnlyDictionary<int, SafeHandle> Sockets
    {
        get
        {
            lock (_lock)
            {
                return _connections.Where(static pair => !pair.Value.IsOfNoUse)
                    .ToDictionary(static pair => pair.Key, static pair => pair.Value.Socket);
            }
        }
    }

    /// <summary>Refuses a connection that was accepted: says why and closes it.</summary>
    /// <param name="socket">The connection; closed when this returns.</param>
    /// <param name="error">Why.</param>
    /// <param name="reason">Why, in a sentence.</param>
    public static void Refuse(SafeFileHandle socket, LiveUpdateError error, string reason)
    {
        using (socket)
            SocketMessage.Send(socket, UpdateNotice.Failed(0, UpdateMessageKind.Hello, error, reason).Frame, []);
    }

    /// <summary>Runs a connection.</summary>
    /// <param name="key">Its number, 0 or more, which nobody else has; the same in a successor, and after the agent's death.</param>
    /// <param name="socket">The connected socket; owned by the server from now on.</param>
    /// <param name="user">The user id of the process at the other end.</param>
    /// <param name="isAfterCrash">Whether an agent that died had it before: the client is told.</param>
    /// <param name="updated">
    /// What the client is told before that: an update of which the agent that died may not have told it. Null for none.
    /// </param>
    /// <exception cref="ArgumentException">There is a connection with that number.</exception>
    /// <exception cref="ObjectDisposedException">The server is disposed. The socket is closed then.</exception>
    public void Adopt(int key, SafeFileHandle socket, uint user, bool isAfterCrash = false, UpdateNotice? updated = null)
    {
        var connection = new UpdateConnection(this, key, socket, user) { IsAfterCrash = isAfterCrash, IsGreeted = isAfterCrash };
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                _connections.Add(key, connection);
                if (updated is not null)
                    connection.Tell(updated);
                if (isAfterCrash)
                    connection.Tell(new UpdateNotice(UpdateMessageKind.Restarted));
                if (!_isAtRest)
                    connection.Begin();
            }
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Brings all connections to rest, and says what a successor must know of them. Nothing is taken from a socket, and nothing sent, from
    /// here to the end of the process; or until <see cref="UpdateHost.HandOverAsync"/> throws.
    /// </summary>
    /// <param name="cancellationToken">Calls the wait for requests under way off; the connections stay at rest.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<byte[]> SaveAsync(CancellationToken cancellationToken)
    {
        UpdateConnection[] connections;
        lock (_lock)
        {
            _isAtRest = true;
            connections = [.. _connections.Values];
        }

        await Task.WhenAll(connections.Select(static connection => connection.RestAsync()))
            .WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (UpdateConnection connection in _connections.Values)
                connection.Hold();
            return _coordinator.Save().Write(
            [
                .. _connections.Values.Where(static connection => !connection.IsOfNoUse)
                    .Select(static connection => (connection.Key, connection.User, connection.IsGreeted, connection.Program)),
            ]);
        }
    }

    /// <summary>
    /// Goes on in a successor: everybody is told <c>updated</c>, and claiming begins. Once, before any other connection is adopted.
    /// </summary>
    /// <param name="saved">What <see cref="SaveAsync"/> gave.</param>
    /// <param name="sockets">
    /// The sockets by key; owned by the server from now on. A connection that has none counts as gone; one that was accepted when
    /// everything was at rest is a new one.
    /// </param>
    /// <exception cref="LiveUpdateException">EPROTO: what was saved cannot be read. The sockets are closed then.</exception>
    public void Restore(ReadOnlyMemory<byte> saved, IReadOnlyDictionary<int, SafeFileHandle> sockets)
    {
        try
        {
            UpdateSaved state = UpdateSaved.Read(saved);
            lock (_lock)
            {
                foreach ((int key, uint user, bool isGreeted, string program) in state.Connections)
                {
                    if (sockets.TryGetValue(key, out SafeFileHandle? socket) && !socket.IsClosed)
                        _connections.Add(key, new UpdateConnection(this, key, socket, user) { IsGreeted = isGreeted, Program = program });
                }

                _coordinator.Restore(state, _connections.ToDictionary(static pair => pair.Key, static pair => (UpdatePeer)pair.Value));
                foreach ((int key, SafeFileHandle socket) in sockets)
                {
                    if (!_connections.ContainsKey(key))
                        _connections.Add(key, new UpdateConnection(this, key, socket, ProcessHandle.IdentifyPeer(socket).User));
                }

                foreach (UpdateConnection connection in _connections.Values)
                    connection.Begin();
            }
        }
        finally
        {
            // What a connection has is not valid here any more.
            foreach (SafeFileHandle socket in sockets.Values)
                socket.Dispose();
        }
    }

    /// <summary>Begins claiming behind a kexec: who subscribes from now on is told <c>updated</c>.</summary>
    /// <param name="update">The number of the update.</param>
    /// <param name="claimTime">How long.</param>
    /// <param name="expected">The names of those who took part: when all have finished it is over. Null if they are not known.</param>
    /// <exception cref="InvalidOperationException">An update is under way.</exception>
    public void BeginClaiming(ulong update, TimeSpan claimTime, IReadOnlyCollection<string>? expected) =>
        _coordinator.BeginClaiming(update, claimTime, expected);

    /// <summary>
    /// Calls an update that still can be off, and closes all connections; after a hand-over only this process's side of them.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        UpdateConnection[] connections;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        await _coordinator.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
            connections = [.. _connections.Values];
        await Task.WhenAll(connections.Select(static connection => connection.RestAsync())).ConfigureAwait(false);
        foreach (UpdateConnection connection in connections)
            connection.Dispose();
    }

    /// <summary>Whether a client that is slow to read is waited for: administrators are, others lose the connection.</summary>
    internal bool IsWaitedFor(uint user) => _host.IsAdministrator(user);

    /// <summary>A connection is of no use any more; the last thing that its loop does.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why it is cut off; null where the client closed it.</param>
    internal void End(UpdateConnection connection, string? reason)
    {
        if (reason is not null)
            UpdateLog.CutOff(_logger, connection.Key, connection.Program, connection.User, reason);
        lock (_lock)
            _connections.Remove(connection.Key);
        _coordinator.Leave(connection);
        connection.Dispose();
        _host.ConnectionEnded(connection.Key);
    }

    private void Resume()
    {
        lock (_lock)
        {
            // Not at rest when the hand-over failed before it came to that.
            if (_isAtRest)
            {
                foreach (UpdateConnection connection in _connections.Values)
                    connection.GoOn();
            }

            _isAtRest = false;
        }

        _host.Resume();
    }
}
