using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// Waits for a successor that somebody else started. Whoever is not this user, does not know the secret or talks nonsense is turned
/// away, and the
/// wait goes on: no other process can call the hand-over off.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SuccessorListener : IDisposable
{
    // One that connects and says nothing keeps the others waiting for no longer than this.
    private static readonly TimeSpan s_helloTimeout = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly string _path;
    private readonly byte[] _secret;

    /// <summary>Listens.</summary>
    /// <exception cref="LiveUpdateException">
    /// EADDRINUSE: the file exists. EMFILE: no descriptor is free. ENOENT, EACCES and others: it cannot be made.
    /// </exception>
    public SuccessorListener(string path, string secret)
    {
        (_path, _secret) = (path, Encoding.UTF8.GetBytes(secret));
        _socket = StreamSocket.Listen(path);
    }

    /// <summary>Waits for the right one.</summary>
    /// <exception cref="LiveUpdateException">
    /// ETIMEDOUT, with the reason why the last one was turned away inside. EMFILE: one has connected, and no descriptor is free for it.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public (SuccessorChannel Channel, SuccessorHello Hello) Accept(Deadline deadline, CancellationSignal cancellation)
    {
        LiveUpdateException? last = null;
        while (true)
        {
            switch (DescriptorWait.Wait(_socket.SafeHandle, Libc.POLLIN, deadline, cancel: cancellation.Descriptor))
            {
                case WaitResult.TimedOut:
                    throw new LiveUpdateException(LiveUpdateError.TimedOut, $"No successor connected to {_path} in time.", last);
                case WaitResult.Cancelled:
                    throw new OperationCanceledException("The hand-over was cancelled.", cancellation.Token);
            }

            SafeFileHandle stream = StreamSocket.Accept(_socket, _path);
            if (Open(stream, cancellation) is not (var channel, var user))
            {
                last = Refused(LiveUpdateError.BrokenPipe, "it has ended");
                continue;
            }

            try
            {
                return (channel, Greet(channel, user, Deadline.Earlier(deadline, Deadline.After(s_helloTimeout))));
            }
            catch (LiveUpdateException exception)
            {
                channel.Dispose();
                last = exception;
            }
            catch
            {
                channel.Dispose();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }

    // What fails here is this process's own lack, and says nothing about the one that has connected.
    private static (SuccessorChannel Channel, uint User)? Open(SafeFileHandle stream, CancellationSignal cancellation)
    {
        try
        {
            (int process, uint user) = ProcessHandle.IdentifyPeer(stream);
            if (ProcessHandle.TryOpenPeer(stream, process) is { } peer)
                return (new SuccessorChannel(stream, peer, "successor") { Cancellation = cancellation }, user);
            stream.Dispose();
            return null;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private SuccessorHello Greet(SuccessorChannel channel, uint user, Deadline deadline)
    {
        int process = channel.Peer.Id;
        if (user != Libc.Geteuid())
            throw TurnAway(channel, deadline, LiveUpdateError.NotPermitted, $"process {process} runs as user {user}");
        if (process == Environment.ProcessId)
            throw TurnAway(channel, deadline, LiveUpdateError.InvalidArgument, "a process cannot be its own successor");
        if (channel.Receive(deadline, SuccessorMessage.Hello) != SuccessorMessage.Hello)
            throw channel.Unexpected("something else than hello");
        SuccessorHello hello = SuccessorHello.Read(channel.PayloadMemory);
        if (!CryptographicOperations.FixedTimeEquals(hello.Secret, _secret))
            throw TurnAway(channel, deadline, LiveUpdateError.AccessDenied, $"process {process} does not know the secret");
        return hello;
    }

    private static LiveUpdateException TurnAway(SuccessorChannel channel, Deadline deadline, LiveUpdateError error, string reason)
    {
        try
        {
            channel.Send(SuccessorMessage.Refused, deadline, new SuccessorFailure(error, reason).Write());
        }
        catch (LiveUpdateException)
        {
            // It has gone by itself.
        }

        return Refused(error, reason);
    }

    private static LiveUpdateException Refused(LiveUpdateError error, string reason) => new(error, $"A process that connected was turned away: {reason}.");
}
