using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// Sends open descriptors to another process over a connected Unix socket (<c>SCM_RIGHTS</c>), and receives them.
/// </summary>
/// <remarks>
/// <para>The receiver gets descriptors of its own for the same open file descriptions, with close-on-exec set. The sender keeps its
/// handles:
/// they are held open until the kernel has them, and not closed.</para>
/// <para>Every descriptor that arrives is owned by the caller's <see cref="ReceivedDescriptors"/> before anything is checked. A loss, as
/// when the
/// limit of open files is reached in the middle, is an error, and all that came with the same call is closed.</para>
/// <para>Safe for threads, but two that send, or two that receive, on one socket mix their messages. A blocking and a non-blocking socket
/// serve alike; these methods wait by themselves, for as long as the time-out says.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public static class DescriptorPassing
{
    /// <summary>How many descriptors the kernel takes in one message.</summary>
    public const int MaxPerMessage = SocketMessage.MaxDescriptors;

    /// <summary>
    /// The header of each message of <see cref="SendAll"/>: the descriptors in it and those behind it, as little-endian 32-bit numbers.
    /// </summary>
    private const int HeaderSize = 8;

    /// <summary>Sends bytes with descriptors beside them as one message.</summary>
    /// <param name="socket">A connected Unix socket of any type.</param>
    /// <param name="data">At least one byte; a stream socket may take them in several steps, the descriptors go with the first.</param>
    /// <param name="descriptors">At most <see cref="MaxPerMessage"/>.</param>
    /// <param name="timeout">How long to wait for room; null for ever.</param>
    /// <exception cref="ArgumentNullException">The socket or a descriptor is null.</exception>
    /// <exception cref="ArgumentException">No data, or too many descriptors.</exception>
    /// <exception cref="ObjectDisposedException">The socket or a descriptor is closed.</exception>
    /// <exception cref="LiveUpdateException">
    /// EPIPE: the other end is closed (no signal is raised). EBADF: a handle is no descriptor. ETIMEDOUT: no room in time. ETOOMANYREFS:
    /// more
    /// descriptors of this user are on their way than the limit of open files allows. Any other errno of <c>sendmsg</c>.
    /// </exception>
    public static void Send(Socket socket, ReadOnlySpan<byte> data, ReadOnlySpan<SafeHandle> descriptors, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (data.IsEmpty)
            throw new ArgumentException("Descriptors travel beside at least one byte.", nameof(data));
        if (descriptors.Length > MaxPerMessage)
            throw new ArgumentException($"A message takes {MaxPerMessage} descriptors; use {nameof(SendAll)} for more.", nameof(descriptors));
        foreach (SafeHandle descriptor in descriptors)
            ArgumentNullException.ThrowIfNull(descriptor, nameof(descriptors));
        Send(socket.SafeHandle, data, descriptors, DeadlineOf(timeout));
    }

    /// <summary>Receives one message, or with a stream socket what has arrived of the bytes.</summary>
    /// <param name="socket">A connected Unix socket.</param>
    /// <param name="data">Where the bytes go; at least one. A datagram that is longer is an error.</param>
    /// <param name="received">Gets the descriptors, behind those that it has.</param>
    /// <param name="timeout">How long to wait; null for ever.</param>
    /// <returns>The number of bytes; 0 at the end of the stream.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="data"/> is empty.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    /// <exception cref="LiveUpdateException">
    /// EMFILE: bytes or descriptors were lost, and everything in <paramref name="received"/> is closed. ETIMEDOUT: nothing came in time.
    /// Any other
    /// errno of <c>recvmsg</c>.
    /// </exception>
    public static int Receive(Socket socket, Span<byte> data, ReceivedDescriptors received, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(received);
        if (data.IsEmpty)
            throw new ArgumentException("There must be room for at least one byte.", nameof(data));
        return Receive(socket.SafeHandle, data, received, DeadlineOf(timeout));
    }

    /// <summary>Sends any number of descriptors, in as many messages as it takes, for <see cref="ReceiveAll"/>.</summary>
    /// <param name="socket">A connected Unix socket, of type stream or seqpacket.</param>
    /// <param name="descriptors">The descriptors; none is allowed.</param>
    /// <param name="timeout">How long to wait for room in all; null for ever.</param>
    /// <exception cref="ArgumentNullException">The socket, the list or a descriptor is null.</exception>
    /// <inheritdoc cref="Send(Socket, ReadOnlySpan{byte}, ReadOnlySpan{SafeHandle}, TimeSpan?)"/>
    public static void SendAll(Socket socket, IReadOnlyList<SafeHandle> descriptors, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(descriptors);
        SafeHandle[] handles = [.. descriptors];
        foreach (SafeHandle handle in handles)
            ArgumentNullException.ThrowIfNull(handle, nameof(descriptors));
        Deadline deadline = DeadlineOf(timeout);
        Span<byte> header = stackalloc byte[HeaderSize];
        int sent = 0;
        do
        {
            int count = Math.Min(handles.Length - sent, MaxPerMessage);
            BinaryPrimitives.WriteInt32LittleEndian(header, count);
            BinaryPrimitives.WriteInt32LittleEndian(header[sizeof(int)..], handles.Length - sent - count);
            Send(socket.SafeHandle, header, handles.AsSpan(sent, count), deadline);
            sent += count;
        }
        while (sent < handles.Length);
    }

    /// <summary>Receives what <see cref="SendAll"/> sent.</summary>
    /// <param name="socket">A connected Unix socket.</param>
    /// <param name="limit">How many descriptors are accepted at most.</param>
    /// <param name="timeout">How long to wait in all; null for ever.</param>
    /// <returns>All of them, in order; owned by the caller.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    /// <exception cref="LiveUpdateException">
    /// EPIPE: the stream ended before the last one. EPROTO: not what <see cref="SendAll"/> sends. E2BIG: more than the limit. EMFILE:
    /// descriptors
    /// were lost. ETIMEDOUT. In every case all that came is closed.
    /// </exception>
    public static ReceivedDescriptors ReceiveAll(Socket socket, int limit, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var received = new ReceivedDescriptors();
        try
        {
            ReceiveUntilLast(socket.SafeHandle, received, limit, DeadlineOf(timeout));
            return received;
        }
        catch
        {
            received.Dispose();
            throw;
        }
    }

    /// <summary>As the public method, on a bare handle.</summary>
    internal static void Send(SafeHandle socket, ReadOnlySpan<byte> data, ReadOnlySpan<SafeHandle> descriptors, Deadline deadline)
    {
        while (true)
        {
            int sent = SocketMessage.Send(socket, data, descriptors);
            if (sent == data.Length)
                return;
            if (sent >= 0)
            {
                data = data[sent..];
                descriptors = default;
            }
            else if (-sent != (int)LiveUpdateError.TryAgain)
                throw Errno.Failed(-sent, "Sending over a socket");
            if (DescriptorWait.Wait(socket, Libc.POLLOUT, deadline) == WaitResult.TimedOut)
                throw Errno.Failed((int)LiveUpdateError.TimedOut, "Sending over a socket");
        }
    }

    /// <summary>As the public method, on a bare handle.</summary>
    internal static int Receive(SafeHandle socket, Span<byte> data, ReceivedDescriptors received, Deadline deadline)
    {
        while (true)
        {
            int count = SocketMessage.Receive(socket, data, received.Handles, out bool truncated);
            if (truncated)
                ThrowTruncated(received);
            if (count >= 0)
                return count;
            if (-count != (int)LiveUpdateError.TryAgain)
                throw Errno.Failed(-count, "Receiving from a socket");
            if (DescriptorWait.Wait(socket, Libc.POLLIN, deadline) == WaitResult.TimedOut)
                throw Errno.Failed((int)LiveUpdateError.TimedOut, "Receiving from a socket");
        }
    }

    /// <summary>Refuses a message that was cut short.</summary>
    [DoesNotReturn]
    internal static void ThrowTruncated(ReceivedDescriptors received)
    {
        received.Dispose();
        throw new LiveUpdateException(
            LiveUpdateError.TooManyFiles,
            "A message was cut short: no descriptor was free here (see RLIMIT_NOFILE), or it is longer than the room for it. What came was closed.");
    }

    private static void ReceiveUntilLast(SafeHandle socket, ReceivedDescriptors received, int limit, Deadline deadline)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        int total = -1;
        int rest;
        do
        {
            int before = received.Count;
            for (int filled = 0; filled < HeaderSize;)
            {
                int count = Receive(socket, header[filled..], received, deadline);
                filled += count > 0 ? count : throw new LiveUpdateException(LiveUpdateError.BrokenPipe, "The stream ended before the last descriptor.");
            }

            int here = BinaryPrimitives.ReadInt32LittleEndian(header);
            rest = BinaryPrimitives.ReadInt32LittleEndian(header[sizeof(int)..]);
            if (here < 0 || rest < 0 || here != received.Count - before || (here == 0 && rest > 0) || (total >= 0 && received.Count + (long)rest != total))
                throw new LiveUpdateException(LiveUpdateError.Protocol, "What was received is not what descriptors are sent with.");
            if (received.Count + (long)rest > limit)
                throw new LiveUpdateException(LiveUpdateError.TooBig, $"{received.Count + (long)rest} descriptors are more than the limit, {limit}.");
            total = received.Count + rest;
        }
        while (rest > 0);
    }

    private static Deadline DeadlineOf(TimeSpan? timeout) => timeout is { } time ? Deadline.After(time) : Deadline.Never;
}
