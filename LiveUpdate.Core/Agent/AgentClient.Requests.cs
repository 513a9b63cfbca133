using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LiveUpdate.Agent;

// What is asked and shown.
public sealed partial class AgentClient
{
    /// <summary>What the agent is doing and what it holds.</summary>
    /// <param name="cancellationToken">Calls the wait for the answer off.</param>
    /// <exception cref="LiveUpdateException">ECONNRESET: the connection is lost. EPROTO: the answer cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public async Task<AgentStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        UpdateNotice answer = await AskAsync(
            static number => new(UpdateMessageKind.Status) { Number = number }, "status", cancellationToken).ConfigureAwait(false);
        return answer.Status ?? throw Unexpected(answer);
    }

    /// <summary>
    /// The sessions that the agent holds, outgoing ones first, each side by name; those of other users only for administrators. Asked
    /// for piece by piece: what comes or goes meanwhile may or may not be there.
    /// </summary>
    /// <inheritdoc cref="GetStatusAsync"/>
    public async IAsyncEnumerable<AgentSessionInfo> ListSessionsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        AgentSessionInfo? last = null;
        UpdateNotice answer;
        do
        {
            answer = await AskAsync(
                number => new(UpdateMessageKind.Sessions) { Number = number, Session = last?.Name, IsIncoming = last?.IsIncoming ?? false },
                "list sessions",
                cancellationToken).ConfigureAwait(false);
            foreach (AgentSessionInfo session in answer.Sessions)
                yield return last = session;
            ThrowIfEndless(answer, answer.Sessions.Count);
        }
        while (answer.HasMore);
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
    public async Task<IReadOnlyList<AgentFileInfo>> ListFilesAsync(
        SessionName session, bool isIncoming, CancellationToken cancellationToken = default)
    {
        if (session.Utf8.IsEmpty)
            throw new ArgumentException("A session's name has at least one byte.", nameof(session));
        List<AgentFileInfo> files = [];
        UpdateNotice answer;
        do
        {
            uint skip = (uint)files.Count;
            answer = await AskAsync(
                number => new(UpdateMessageKind.Files) { Number = number, Session = session, IsIncoming = isIncoming, Skip = skip },
                "list files",
                cancellationToken,
                session: session.ToString()).ConfigureAwait(false);
            files.AddRange(answer.Files);
            ThrowIfEndless(answer, answer.Files.Count);
        }
        while (answer.HasMore);
        return files;
    }

    /// <summary>What stands in the way of an update, or may. An agent with a finding that blocks refuses to start one.</summary>
    /// <inheritdoc cref="GetStatusAsync"/>
    public async Task<IReadOnlyList<PreflightFinding>> CheckAsync(CancellationToken cancellationToken = default)
    {
        UpdateNotice answer = await AskAsync(
            static number => new(UpdateMessageKind.Check) { Number = number }, "check", cancellationToken).ConfigureAwait(false);
        return answer.Findings;
    }

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
        Channel<AgentEvent> events = Channel.CreateUnbounded<AgentEvent>();
        Task<UpdateNotice> watching = AskAsync(
            static number => new(UpdateMessageKind.Watch) { Number = number }, "watch", cancellationToken, answered: _ => Watched(events));
        try
        {
            await watching.ConfigureAwait(false);
            await foreach (AgentEvent happened in events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return happened;
        }
        finally
        {
            events.Writer.TryComplete();
        }
    }

    /// <summary>
    /// Has the agent load the kernel that the next update starts. For administrators, and agents whose updates replace the kernel.
    /// </summary>
    /// <param name="image">The kernel. Relative paths are this process's; the agent opens them.</param>
    /// <param name="cancellationToken">Calls the wait for the answer off, not the loading.</param>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="ArgumentException">A path is empty, or has a NUL.</exception>
    /// <exception cref="LiveUpdateException">
    /// EPERM: this user is no administrator, or the agent may not load kernels. EOPNOTSUPP: updates of this agent replace no kernel. ENOENT
    /// and the like: what came of loading. EINTR: the agent died and came back, and may have loaded it. ECONNRESET: the connection is lost.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public Task LoadKernelAsync(KernelImage image, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        var absolute = new KernelImage
        {
            Path = Path.GetFullPath(image.Path),
            Initrd = image.Initrd is { } initrd ? Path.GetFullPath(initrd) : null,
            CommandLine = image.CommandLine,
        };
        return AskAsync(
            number => new(UpdateMessageKind.Load) { Number = number, Image = absolute },
            "load kernel",
            cancellationToken,
            isRepeatable: false);
    }

    private static LiveUpdateException Unexpected(UpdateNotice answer) =>
        new(LiveUpdateError.Protocol, $"The agent answers with {answer.Kind} ({(byte)answer.Kind}).");

    // An agent that always has more, and never brings any, would be asked for ever.
    private static void ThrowIfEndless(UpdateNotice answer, int count)
    {
        if (answer.HasMore && count == 0)
            throw new LiveUpdateException(LiveUpdateError.Protocol, "The agent says that there is more, and brings nothing.");
    }
}
