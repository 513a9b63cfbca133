using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// The way to the service manager: datagrams to the socket that <c>$NOTIFY_SOCKET</c> names. It answers barriers and nothing else.
/// </summary>
/// <remarks>
/// The manager processes them in the order in which they were sent. Not safe for threads. The variable stays as it is: it is the program's
/// too.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class NotifyConnection : IDisposable
{
    /// <summary>The environment variable.</summary>
    public const string Variable = "NOTIFY_SOCKET";

    // How the kernel says that the receiver is gone.
    private const int ConnectionReset = 104;
    private const int NotConnected = 107;
    private const int ConnectionRefused = 111;

    private readonly Socket _socket;

    private NotifyConnection(Socket socket) => _socket = socket;

    /// <summary>Calls waits off; null for none.</summary>
    public CancellationSignal? Cancellation { get; set; }

    /// <summary>Connects.</summary>
    /// <exception cref="LiveUpdateException">
    /// ENOENT: the variable is not set, or there is no such socket. ECONNREFUSED: nobody listens. EINVAL: not the address of a Unix socket.
    /// Any other errno of <c>connect</c>.
    /// </exception>
    public static NotifyConnection Open()
    {
        string address = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value
            ? value
            : throw new LiveUpdateException(LiveUpdateError.NotFound, $"${Variable} is not set.");
        if (address[0] is not ('/' or '@') || address.Length < 2)
        {
            throw new LiveUpdateException(
                LiveUpdateError.InvalidArgument, $"${Variable} is \"{address}\", which is no path and no abstract name.");
        }

        Socket? socket = null;
        try
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address));
            return new NotifyConnection(socket);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            socket?.Dispose();
            // The base library has another errno for a path that is not there.
            LiveUpdateError error = exception is not SocketException failure ? LiveUpdateError.InvalidArgument
                : address[0] == '/' && !File.Exists(address) ? LiveUpdateError.NotFound
                : (LiveUpdateError)failure.NativeErrorCode;
            throw new LiveUpdateException(
                error, $"The service manager cannot be reached at {address}, which ${Variable} names.", exception);
        }
    }

    /// <summary>Asks the manager to keep a descriptor, also when its peer hangs up.</summary>
    /// <exception cref="LiveUpdateException">ECONNREFUSED and the like: the manager is gone. ETIMEDOUT: its queue stays full.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Store(string name, SafeHandle descriptor, Deadline deadline) =>
        Send($"FDSTORE=1\nFDNAME={name}\nFDPOLL=0", [descriptor], deadline);

    /// <summary>Asks the manager to let every descriptor of a name go.</summary>
    /// <inheritdoc cref="Store"/>
    public void Remove(string name, Deadline deadline) => Send($"FDSTOREREMOVE=1\nFDNAME={name}", [], deadline);

    /// <summary>Waits until the manager has processed everything that was sent before.</summary>
    /// <inheritdoc cref="Store"/>
    public void Barrier(Deadline deadline)
    {
        using var barrier = new NotifyBarrier();
        Pass(barrier, deadline);
    }

    /// <summary>As <see cref="Barrier"/>, with one that was made before.</summary>
    /// <inheritdoc cref="Store"/>
    public void Pass(NotifyBarrier barrier, Deadline deadline)
    {
        barrier.Send(this, deadline);
        Wait(barrier.Answer, 0, deadline, "it has not answered the barrier");

        // A receiver that is closed lets the barrier's descriptor go as one that has read it does: a second message tells the two apart.
        Send(NotifyBarrier.Probe, [], deadline);
    }

    /// <summary>Sends a datagram.</summary>
    /// <inheritdoc cref="Store"/>
    public void Send(ReadOnlySpan<byte> message, ReadOnlySpan<SafeHandle> descriptors, Deadline deadline)
    {
        while (true)
        {
            int errno = -SocketMessage.Send(_socket.SafeHandle, message, descriptors);
            if (errno <= 0)
                return;
            if (errno is ConnectionReset or NotConnected or ConnectionRefused)
                throw new LiveUpdateException((LiveUpdateError)errno, "The service manager has closed its socket.");
            if (errno != (int)LiveUpdateError.TryAgain)
                throw Errno.Failed(errno, "Sending to the service manager");
            Wait(_socket.SafeHandle, Libc.POLLOUT, deadline, "it takes no messages");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Send(string message, ReadOnlySpan<SafeHandle> descriptors, Deadline deadline) =>
        Send(Encoding.ASCII.GetBytes(message), descriptors, deadline);

    private void Wait(SafeHandle socket, short events, Deadline deadline, string silence)
    {
        switch (DescriptorWait.Wait(socket, events, deadline, cancel: Cancellation?.Descriptor))
        {
            case WaitResult.Cancelled:
                throw new OperationCanceledException("The hand-over was cancelled.", Cancellation!.Token);
            case WaitResult.TimedOut:
                throw new LiveUpdateException(LiveUpdateError.TimedOut, $"The service manager did not answer in time: {silence}.");
        }
    }
}
