using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent;

/// <summary>An update socket in a directory of its own, with a server behind it that the test drives, and successors of that.</summary>
[SupportedOSPlatform("linux")]
internal sealed class UpdateLab : IAsyncDisposable
{
    /// <summary>What no wait of a test takes, unless something hangs.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private readonly List<UpdateServer> _servers = [];
    private int _keys;

    public UpdateLab()
    {
        _servers.Add(new UpdateServer(Host, null, Log));
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(Directory, AgentClient.SocketName)));
        _listener.Listen(100);
        _accepting = AcceptAsync();
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("luod-").FullName;

    public DrivenHost Host { get; } = new();

    public ListLogger Log { get; } = new(LogLevel.Information);

    /// <summary>The server that takes connections: the last one.</summary>
    public UpdateServer Server => _servers[^1];

    /// <summary>The user that is said to connect.</summary>
    public uint User { get; set; }

    /// <summary>Why who connects is turned away; none to let them in.</summary>
    public LiveUpdateError Refusal { get; set; }

    public Task<AgentClient> ConnectAsync(AgentClientOptions? options = null) => AgentClient.ConnectAsync(Directory, options).WaitAsync(Limit);

    /// <summary>A connection that the test speaks on itself.</summary>
    public RawUpdateClient ConnectRaw() => RawUpdateClient.Connect(Path.Combine(Directory, AgentClient.SocketName));

    /// <summary>Makes a successor of the server, as another process would be: it has duplicates of the sockets, and what was saved.</summary>
    public async Task SucceedAsync(CancellationToken cancellationToken) => Succeed(await Server.SaveAsync(cancellationToken));

    /// <summary>As <see cref="SucceedAsync"/>, with what was saved before.</summary>
    public void Succeed(byte[] saved)
    {
        Dictionary<int, SafeFileHandle> sockets = Duplicate(Server);
        Host.Number++;
        _servers.Add(new UpdateServer(Host, null, Log));
        Server.Restore(saved, sockets);
    }

    /// <summary>The agent dies and comes back: a new server gets the sockets, and nothing is known of what the old one did.</summary>
    /// <param name="isStuck">Whether requests are under way that the test holds: they stay unanswered.</param>
    public async Task CrashAsync(bool isStuck = false)
    {
        // The dead one reads nothing more. What it still would answer when the test lets go, nobody waits for.
        Task dead = Server.SaveAsync(CancellationToken.None);
        if (!isStuck)
            await dead;
        Dictionary<int, SafeFileHandle> sockets = Duplicate(Server);
        _servers.Add(new UpdateServer(Host, null, Log));
        foreach ((int key, SafeFileHandle socket) in sockets)
            Server.Adopt(key, socket, User, isAfterCrash: true);
    }

    /// <summary>Ends the servers before the last one, as the end of their processes would.</summary>
    /// <remarks>
    /// Nobody may succeed any more in this process: its poll set still knows the numbers that this closes together with what the last
    /// server has open, and could not take in the same pair again.
    /// </remarks>
    public async Task EndPredecessorsAsync()
    {
        foreach (UpdateServer server in _servers.SkipLast(1))
            await server.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (UpdateServer server in _servers)
            await server.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static Dictionary<int, SafeFileHandle> Duplicate(UpdateServer server) =>
        server.Sockets.ToDictionary(static pair => pair.Key, static pair => Duplicate(pair.Value));

    private static SafeFileHandle Duplicate(SafeHandle socket)
    {
        using var reference = new HandleReference(socket);
        using var borrowed = new SafeFileHandle(reference.Value, ownsHandle: false);
        return DescriptorInfo.Duplicate(borrowed);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_end.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            SafeFileHandle handle = Duplicate(socket.SafeHandle);
            socket.Dispose();
            if (Refusal == LiveUpdateError.None)
                Server.Adopt(++_keys, handle, User);
            else
                UpdateServer.Refuse(handle, Refusal, "not now");
        }
    }
}
