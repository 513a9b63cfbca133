using System.Runtime.CompilerServices;

namespace LiveUpdate.Agent;

// What is asked and shown.
public sealed partial class AgentClient
{
    /// <summary>What the agent is doing and what it holds.</summary>
    /// <param name="cancellationToken">Calls the wait for the answer off.</param>
    /// <exception cref="LiveUpdateException">ECONNRESET: the connection is lost. EPROTO: the answer cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public Task<AgentStatus> GetStatusAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// The sessions that the agent holds, outgoing ones first, each side by name; those of other users only for administrators. Asked
    /// for piece by piece: what comes or goes meanwhile may or may not be there.
    /// </summary>
    /// <inheritdoc cref="GetStatusAsync"/>
    public async IAsyncEnumerable<AgentSessionInfo> ListSessionsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield break;
    }

    /// <summary>The files in a session, in the order in which they were preserved.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="isIncoming">Whether it is the incoming session of that name, or the outgoing one.</param>
    /// <param name="cancellationToken">Calls the wait for the answer off.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT: there is no such session, or it is another user's and this one is no administrator. ECONNRESET: the connection is lost.
    /// EPROTO: the answer cannot be read.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public Task<IReadOnlyList<AgentFileInfo>> ListFilesAsync(SessionName session, bool isIncoming, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>What stands in the way of an update, or may. An agent with a finding that blocks refuses to start one.</summary>
    /// <inheritdoc cref="GetStatusAsync"/>
    public Task<IReadOnlyList<PreflightFinding>> CheckAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// Everything that happens, from now on; the first event says which phase the agent is in. Goes on over updates, and over the
    /// death of an agent that comes back, where such a first event comes anew.
    /// </summary>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    /// <remarks>Events wait in memory until they are taken.</remarks>
    /// <exception cref="LiveUpdateException">ECONNRESET: the connection is lost. EPROTO: an event cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public async IAsyncEnumerable<AgentEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield break;
    }

    /// <summary>Has the agent load the kernel that the next update starts. For administrators, and agents whose updates replace the kernel.</summary>
    /// <param name="image">The kernel; the agent opens the paths.</param>
    /// <param name="cancellationToken">Calls the wait for the answer off, not the loading.</param>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="LiveUpdateException">
    /// EPERM: this user is no administrator, or the agent may not load kernels. EOPNOTSUPP: updates of this agent replace no kernel. ENOENT
    /// and the like: what came of loading. EINTR: the agent died and came back, and may have loaded it. ECONNRESET: the connection is lost.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public Task LoadKernelAsync(KernelImage image, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
