using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>Takes who connects to one of the agent's sockets.</summary>
/// <remarks>Who has connected and was not taken is still there for another process that holds the listening socket.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class AgentListener(Socket socket, string path, RequestGate gate, ILogger logger, Action<SafeFileHandle> taken) : IDisposable
{
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);

    /// <summary>The listening socket, owned by this object.</summary>
    public SafeSocketHandle Handle => socket.SafeHandle;

    /// <summary>Takes clients until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await gate.EnterAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(gate.Closing, cancellationToken);
                    Give(await AcceptAsync(either.Token).ConfigureAwait(false));
                }
                finally
                {
                    gate.Exit();
                }
            }
            catch (OperationCanceledException)
            {
                // The gate closes, or all is over.
            }
            catch (SocketException exception)
            {
                // Out of descriptors, as a rule: those who wait go on waiting.
                AgentLog.AcceptFailed(logger, path, exception);
                await Task.Delay(s_pauseAfterFailure, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // One client that cannot be taken is no reason to take no other.
    private void Give(SafeFileHandle client)
    {
        try
        {
            taken(client);
        }
        catch (Exception exception) when (exception is LiveUpdateException or SocketException or ObjectDisposedException)
        {
            client.Dispose();
            AgentLog.AcceptFailed(logger, path, exception);
        }
    }

    private async Task<SafeFileHandle> AcceptAsync(CancellationToken cancellationToken) =>
        StreamSocket.Detach(await socket.AcceptAsync(cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
