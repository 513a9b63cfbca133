using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ZeroDowntimeServer.Serving;

/// <summary>An echo server: accepts connections and serves each in a loop of its own.</summary>
internal sealed partial class EchoServer(Socket listener, Cache cache, ServerState state) : IDisposable
{
    private const int SendBuffer = 64 << 10;

    private static readonly TimeSpan s_acceptRetry = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentDictionary<ulong, Connection> _connections = [];
    private readonly SemaphoreSlim _acceptTurn = new(1, 1);
    private readonly TaskCompletionSource<long> _firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Cache Cache => cache;

    public ServerState State => state;

    public Rest Rest { get; } = new();

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    /// <summary>When this generation's first answer was sent, on the clock of the whole system.</summary>
    public Task<long> FirstAnswer => _firstAnswer.Task;

    /// <summary>A server without a past.</summary>
    public static EchoServer Listen()
    {
        // Accepted sockets inherit both. What a client does not read stays with its connection, rather than in megabytes of the kernel's.
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            SendBufferSize = SendBuffer,
        };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return new EchoServer(listener, Cache.Create(), new ServerState());
    }

    /// <summary>Begins to accept connections.</summary>
    public void Start() => Run(AcceptAsync);

    public void NoteAnswer()
    {
        if (!_firstAnswer.Task.IsCompleted)
            _firstAnswer.TrySetResult(Stopwatch.GetTimestamp());
    }

    public void Remove(ulong connection) => _connections.TryRemove(connection, out _);

    /// <summary>
    /// Ends a server that is at rest, whose loops will never get their turn again. Not for one that was handed over to another process: its
    /// sockets are that process's too, and disposing one with an operation under way has its connection reset. The end of this process just
    /// closes descriptors.
    /// </summary>
    public void Dispose()
    {
        foreach (Connection connection in _connections.Values)
            connection.Dispose();
        listener.Dispose();
        cache.Dispose();
    }

    // An exception that a loop does not expect ends the process, and not the loop alone: hence no task that nobody looks at.
    private static async void Run(Func<Task> loop) => await Task.Run(loop);

    private async Task AcceptAsync()
    {
        while (true)
        {
            await Rest.Over;
            if (!await TryAcceptAsync())
                await Task.Delay(s_acceptRetry);
        }
    }

    /// <summary>Accepts one connection, or finds that it is time to rest.</summary>
    /// <returns>False if there was no room for it.</returns>
    private async Task<bool> TryAcceptAsync()
    {
        await _acceptTurn.WaitAsync();
        try
        {
            Add(await listener.AcceptAsync(Rest.Begun));
            return true;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        finally
        {
            _acceptTurn.Release();
        }
    }

    private void Add(Socket socket)
    {
        ulong number = ++state.Connections;
        var connection = new Connection(number, socket, new ConnectionState(), this);
        _connections[number] = connection;
        if (_device is { } device)
            connection.Preserve(device);
        Run(connection.RunAsync);
    }
}
