using System.Runtime.Versioning;

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

    /// <summary>What the agent said of itself when it greeted last. After an update <see cref="GetStatusAsync"/> has what is true then.</summary>
    public AgentInfo Agent => throw new NotImplementedException();

    /// <summary>
    /// Ends when the connection has: successfully when this client is disposed; with <see cref="LiveUpdateException"/>, ECONNRESET, when
    /// the agent closed it, or EPROTO, when what it sent cannot be read.
    /// </summary>
    public Task Completion => throw new NotImplementedException();

    /// <summary>Connects to an agent.</summary>
    /// <param name="directory">The agent's directory, in which the socket <c>update</c> lies.</param>
    /// <param name="options">How to go about it; null for the defaults.</param>
    /// <param name="cancellationToken">Calls the wait for the agent off.</param>
    /// <returns>A client that the agent has greeted; owned by the caller.</returns>
    /// <exception cref="ArgumentException"><paramref name="directory"/> is empty, or too long for a socket's address; the program's name is not valid.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT: there is no such socket. ECONNREFUSED: nobody listens. EACCES: no permission. EDQUOT: too many connections of this user.
    /// ETIMEDOUT: the agent has not answered in time. EOPNOTSUPP: it speaks no version that this library does. ECONNRESET: it has closed the
    /// connection. EPROTO: what it sent cannot be read.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Task<AgentClient> ConnectAsync(
        string directory = DefaultDirectory, AgentClientOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>
    /// Closes the connection: the agent no longer waits for this subscriber, and everything under way fails. Callbacks that run are
    /// cancelled, and not waited for.
    /// </summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
