using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LiveUpdate.Agent;

/// <summary>
/// A connection to an agent's update socket: shows what the agent holds and does, starts updates, and takes part in them (docs/agent.md).
/// </summary>
/// <remarks>
/// <para>Safe for threads. An update of a managed agent leaves the connection as it is. If the agent dies and comes back, as one that keeps
/// its state can, the client subscribes and watches again by itself, asks again what it had asked, and fails what may or may not have been
/// carried out with EINTR.</para>
/// <para>When the connection is lost everything under way fails with ECONNRESET, and <see cref="Completion"/> ends.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed partial class AgentClient : IAsyncDisposable
{
    /// <summary>The agent's directory unless told otherwise.</summary>
    public const string DefaultDirectory = "/run/luod";

    /// <summary>The name of the update socket in it.</summary>
    internal const string SocketName = "update";

    private static readonly TimeSpan s_queuePause = TimeSpan.FromMilliseconds(10);

    private readonly UpdateLink _link;
    private readonly string _directory;
    private readonly string _program;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile AgentInfo? _agent;

    private AgentClient(Socket socket, string directory, string program, ILogger logger)
    {
        (_directory, _program, _logger) = (directory, program, logger);
        _link = new UpdateLink(socket, Told);
        Completion = EndAsync();
        Forget(Completion);
    }

    /// <summary>
    /// What the agent said of itself when it greeted last. After an update <see cref="GetStatusAsync"/> has what is true then.
    /// </summary>
    public AgentInfo Agent => _agent!;

    /// <summary>
    /// Ends when the connection has: successfully when this client is disposed; with <see cref="LiveUpdateException"/>, ECONNRESET, when
    /// the agent closed it, or EPROTO, when what it sent cannot be read.
    /// </summary>
    public Task Completion { get; }

    /// <summary>Connects to an agent.</summary>
    /// <param name="directory">The agent's directory, in which the socket <c>update</c> lies.</param>
    /// <param name="options">How to go about it; null for the defaults.</param>
    /// <param name="cancellationToken">Calls the wait for the agent off.</param>
    /// <returns>A client that the agent has greeted; owned by the caller.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="directory"/> is empty, or too long for a socket's address; the program's name is not valid.
    /// </exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT: there is no such socket. ECONNREFUSED: nobody listens. EACCES: no permission. EDQUOT: too many connections of this user.
    /// ETIMEDOUT: the agent has not answered in time. EOPNOTSUPP: it speaks no version that this library does. ECONNRESET: it has closed
    /// the connection. EPROTO: what it sent cannot be read.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<AgentClient> ConnectAsync(
        string directory = DefaultDirectory, AgentClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new AgentClientOptions();
        string program = options.ProgramName ?? Shorten(AppDomain.CurrentDomain.FriendlyName);
        if (!UpdatePayload.IsName(program))
            throw new ArgumentException(UpdatePayload.NameRule, nameof(options));
        string path = Path.Combine(directory, SocketName);
        var address = new UnixDomainSocketEndPoint(path);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectTimeout);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                Socket socket = await ConnectAsync(path, address, limit.Token).ConfigureAwait(false);
                var client = new AgentClient(socket, directory, program, options.Logger ?? NullLogger.Instance);
                try
                {
                    client._link.Begin();
                    await client.GreetAsync(limit.Token).ConfigureAwait(false);
                    return client;
                }
                catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.ConnectionReset && attempt < AgentDevice.MostAttempts)
                {
                    // The agent died as it took this connection; the one that comes after it answers.
                    await client.DisposeAsync().ConfigureAwait(false);
                    await Task.Delay(s_queuePause, limit.Token).ConfigureAwait(false);
                }
                catch
                {
                    await client.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LiveUpdateException(
                LiveUpdateError.TimedOut,
                $"The agent at {path} has not answered within {options.ConnectTimeout.TotalSeconds} seconds.",
                exception);
        }
    }

    /// <summary>
    /// Closes the connection: the agent no longer waits for this subscriber, and everything under way fails. Callbacks that run are
    /// cancelled, and not waited for.
    /// </summary>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private static async Task<Socket> ConnectAsync(string path, UnixDomainSocketEndPoint address, CancellationToken cancellationToken)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
                return socket;
            }
            catch (SocketException exception)
            {
                socket.Dispose();

                // A Unix socket does not wait for room in the queue of those who connect.
                if (exception.SocketErrorCode == SocketError.WouldBlock)
                {
                    await Task.Delay(s_queuePause, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                throw new LiveUpdateException(Errno.FromSocket(exception), $"The agent cannot be reached at {path}.", exception);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private static string Shorten(string name)
    {
        string tidy = UpdatePayload.Tidy(name);
        while (!UpdatePayload.IsName(tidy))
            tidy = tidy[..^1];
        return tidy;
    }

    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        UpdateNotice welcome = await AskAsync(
            number => new(UpdateMessageKind.Hello) { Number = number, Version = UpdateFrame.Version, Name = _program },
            "connect",
            cancellationToken,
            answered: Greeted).ConfigureAwait(false);
        if (welcome.Agent!.Version is < 1 or > UpdateFrame.Version)
        {
            throw new LiveUpdateException(
                LiveUpdateError.NotSupported,
                $"The agent answers in version {welcome.Agent.Version} of the protocol; this library knows {UpdateFrame.Version}.");
        }
    }

    private async Task<UpdateNotice> AskAsync(
        Func<ulong, UpdateRequest> make,
        string operation,
        CancellationToken cancellationToken,
        bool isRepeatable = true,
        string? session = null,
        Action<UpdateNotice>? answered = null)
    {
        try
        {
            return await _link.AskAsync(new UpdatePending(make, isRepeatable, answered), cancellationToken).ConfigureAwait(false);
        }
        catch (LiveUpdateException exception) when (exception.Operation is null)
        {
            throw Refusal.Create(exception.Error, operation, exception.Reason, session, inner: exception.InnerException);
        }
    }
}
