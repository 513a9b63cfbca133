using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// The agent: holds the sessions of a machine's programs on one device, gives them out as descriptors, and carries updates out with them
/// (docs/agent.md).
/// </summary>
/// <remarks>Safe for threads. It has no thread of its own; requests are carried out on those of the pool.</remarks>
[SupportedOSPlatform("linux")]
public sealed partial class AgentServer : IAsyncDisposable
{
    /// <summary>The name of the meter with the agent's measurements (docs/agent.md).</summary>
    public const string MeterName = "LiveUpdate.Core.Agent";

    private readonly AgentBackEnd _backEnd;
    private readonly AgentServerOptions _options;
    private readonly UserAccounts _users;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly Dictionary<ClientConnection, Task<bool>> _connections = new(ReferenceEqualityComparer.Instance);
    private readonly UpdateServer _updates;
    private AgentStore _store;
    private AgentBooks? _books;
    private AgentListener? _deviceListener;
    private AgentListener? _updateListener;
    private Task _accepting = Task.CompletedTask;
    private DeviceConnection? _opener;
    private int _disposed;

    /// <summary>Makes an agent; <see cref="StartAsync"/> has it serve.</summary>
    /// <param name="backEnd">What it holds its sessions on; owned by the agent from now on.</param>
    /// <param name="options">Read now.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public AgentServer(AgentBackEnd backEnd, AgentServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(backEnd);
        ArgumentNullException.ThrowIfNull(options);
        (_backEnd, _options, _users, _store) = (backEnd, options, new UserAccounts(options), options.Store);
        _updates = new UpdateServer(new AgentUpdateHost(this), logger: options.Logger, patience: options.WholeFrameTime);
        Instruments = new AgentInstruments(this);
    }

    /// <summary>Ends when an update has replaced this agent: its process has nothing to do any more, and should end.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The number of updates that there were, in this agent and in those before it.</summary>
    public ulong Generation => _books?.Ledger.Generation ?? 0;

    /// <summary>Whether what the agent holds outlives its death (<see cref="AgentServerOptions.Store"/>).</summary>
    public bool KeepsState => _store.Keeps;

    /// <summary>The device that requests go to.</summary>
    internal LiveUpdateDevice Device => _backEnd.Device;

    /// <summary>What is written down.</summary>
    internal AgentBooks Books => _books ?? throw new InvalidOperationException("The agent has not started.");

    /// <summary>What requests pass, and an update closes.</summary>
    internal RequestGate Gate { get; } = new();

    /// <summary>What is measured.</summary>
    internal AgentInstruments Instruments { get; }

    /// <summary>The sessions.</summary>
    internal SessionRegistry Sessions { get; } = new();

    /// <summary>Gets the agent's messages.</summary>
    internal ILogger Logger => _options.Logger;

    /// <summary>
    /// Boots the back end, goes on with what an agent before this one left (handed over by an update, or stored for one that died), listens, and
    /// serves from now on.
    /// </summary>
    /// <param name="cancellationToken">Calls it off; nothing is served then.</param>
    /// <exception cref="LiveUpdateException">
    /// EADDRINUSE: another agent has the directory. EBUSY: somebody has the device. ENOENT, EACCES: the sockets cannot be made. What the back
    /// end's boot is refused with.
    /// </exception>
    /// <exception cref="LiveUpdateImageException">What was left cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        IReadOnlyDictionary<string, SafeFileHandle>? baggage = await _backEnd.BootAsync(cancellationToken).ConfigureAwait(false);
        if (baggage is not null)
            GoOnAfterUpdate(baggage);
        else
            GoOnAfterDeath(_store.Take());
        _accepting = Task.WhenAll(_deviceListener!.RunAsync(_end.Token), _updateListener!.RunAsync(_end.Token));
    }

    /// <summary>
    /// Stops serving. Every connection ends with ESHUTDOWN, sessions end as their device's do, and the sockets' files go.
    /// </summary>
    /// <remarks>
    /// Where the service manager stores what the agent holds, all of that stays open with it, for the process that it starts next: clients notice
    /// nothing but a delay, unless it stops the service for good. The same is true once an update has replaced this agent. The process
    /// must end then.
    /// </remarks>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _end.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        if (_completion.Task.IsCompleted || (_store.OutlivesStop && _store.Keeps))
        {
            await AwaitConnectionsAsync().ConfigureAwait(false);
            return;
        }

        foreach (ClientConnection connection in await AwaitConnectionsAsync().ConfigureAwait(false))
            connection.Dismiss(LiveUpdateError.Shutdown);
        await _updates.DisposeAsync().ConfigureAwait(false);
        StopListening(_deviceListener, AgentProtocol.DeviceSocket);
        StopListening(_updateListener, AgentProtocol.UpdateSocket);
        _backEnd.Dispose();
        _store.Stop();
        _store.Dispose();
        _books?.Ledger.Dispose();
        Instruments.Dispose();
        Gate.Dispose();
        _end.Dispose();
    }

    /// <inheritdoc cref="StopAsync"/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    /// <summary>Whether a user may retrieve the sessions of others.</summary>
    internal static bool IsPrivileged(uint user) => user == 0 || user == Libc.Geteuid();

    private AgentSocket NewSocket(SafeFileHandle handle) =>
        new(handle, AgentProtocol.RequestHeader, AgentProtocol.LongestRequest, _options.WholeFrameTime);

    private async Task<IReadOnlyList<ClientConnection>> AwaitConnectionsAsync()
    {
        KeyValuePair<ClientConnection, Task<bool>>[] connections;
        lock (_lock)
            connections = [.. _connections];
        var open = new List<ClientConnection>(connections.Length);
        foreach ((ClientConnection connection, Task<bool> isOver) in connections)
        {
            if (!await isOver.ConfigureAwait(false))
                open.Add(connection);
        }

        return open;
    }

    private void StopListening(AgentListener? listener, string name)
    {
        if (listener is null)
            return;
        listener.Dispose();
        File.Delete(Path.Combine(_options.Directory, name));
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
