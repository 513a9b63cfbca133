using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using LiveUpdate;
using Microsoft.Win32.SafeHandles;

namespace ZeroDowntimeServer.Serving;

/// <content>
/// How it is handed over: listener, cache and state lie in one session, and every connection in one of its own, all of them preserved while
/// it serves. What is left for the update is to come to rest.
/// </content>
internal sealed partial class EchoServer
{
    private const string SessionName = "server";
    private const string ConnectionPrefix = "connection-";
    private const ulong ListenerToken = 1;
    private const ulong CacheToken = 2;
    private const ulong StateToken = 3;

    private static readonly TimeSpan s_restLimit = TimeSpan.FromSeconds(10);

    private readonly List<SemaphoreSlim> _held = [];
    private volatile LiveUpdateDevice? _device;

    /// <summary>The bytes that came from the generation before in typed state: received and not answered, answered and not sent.</summary>
    public (long Received, long Unsent) Carried { get; private set; }

    /// <summary>When the first file had been retrieved, on the clock of the whole system.</summary>
    public long RetrievedAt { get; private init; }

    /// <summary>The server of the generation before: serving again, and preserved for the next update.</summary>
    public static EchoServer TakeOver(LiveUpdateDevice device)
    {
        var incoming = new List<Session>();
        EchoServer server = Retrieve(device, incoming);
        foreach (string name in device.GetIncomingSessions().Where(IsConnection))
            server.RetrieveConnection(device, name, incoming);
        server.Start();

        // Everybody is served now; what can wait comes last.
        foreach (Session session in incoming)
        {
            session.Finish();
            session.Dispose();
        }

        server.Preserve(device);
        return server;
    }

    /// <summary>The name of a connection's session.</summary>
    public static string NameOf(ulong connection) => string.Create(CultureInfo.InvariantCulture, $"{ConnectionPrefix}{connection}");

    /// <summary>Preserves everything; what is accepted later is preserved as it comes.</summary>
    public void Preserve(LiveUpdateDevice device)
    {
        // Not disposed: the session goes to the next generation with all that is in it.
        Session session = device.CreateSession(SessionName);
        session.Preserve(ListenerToken, listener);
        session.Preserve(CacheToken, cache.File);
        session.Preserve(StateToken, state);
        _device = device;
        foreach (Connection connection in _connections.Values)
            connection.Preserve(device);
    }

    /// <summary>
    /// Brings every loop to rest: between two steps, with nothing under way that could take a byte or a connection out of the kernel.
    /// </summary>
    /// <exception cref="TimeoutException">A loop does not come to rest; the update must not happen.</exception>
    public void ComeToRest(CancellationToken cancellationToken)
    {
        state.RestedAt = Stopwatch.GetTimestamp();
        Rest.Begin();
        Hold(_acceptTurn, cancellationToken);
        foreach (Connection connection in _connections.Values)
            Hold(connection.Turn, cancellationToken);
    }

    /// <summary>Goes on where <see cref="ComeToRest"/> stopped, however far that had come.</summary>
    public void Resume()
    {
        Rest.End();
        foreach (SemaphoreSlim turn in _held)
            turn.Release();
        _held.Clear();
    }

    private static EchoServer Retrieve(LiveUpdateDevice device, List<Session> incoming)
    {
        Session session = device.RetrieveSession(SessionName);
        incoming.Add(session);
        var listener = session.Retrieve<Socket>(ListenerToken);
        long retrievedAt = Stopwatch.GetTimestamp();
        Cache cache = Cache.Open(session.Retrieve<SafeFileHandle>(CacheToken));
        return new EchoServer(listener, cache, session.Retrieve<ServerState>(StateToken)) { RetrievedAt = retrievedAt };
    }

    // Served as soon as it is there: it need not wait for the others.
    private void RetrieveConnection(LiveUpdateDevice device, string name, List<Session> incoming)
    {
        Session session = device.RetrieveSession(name);
        incoming.Add(session);
        ulong number = ulong.Parse(name.AsSpan(ConnectionPrefix.Length), CultureInfo.InvariantCulture);
        Connection connection = Connection.Retrieve(session, number, this);
        Carried = (Carried.Received + connection.Carried.Received, Carried.Unsent + connection.Carried.Unsent);
        _connections[number] = connection;
        Run(connection.RunAsync);
    }

    private static bool IsConnection(string session) => session.StartsWith(ConnectionPrefix, StringComparison.Ordinal);

    private void Hold(SemaphoreSlim turn, CancellationToken cancellationToken)
    {
        if (!turn.Wait(s_restLimit, cancellationToken))
            throw new TimeoutException($"A loop did not come to rest within {s_restLimit.TotalSeconds} s.");
        _held.Add(turn);
    }
}
