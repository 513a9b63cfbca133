using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// The agent's end of a connection. Bytes stay in the socket until a whole frame is there, and are then taken at once: what has not been
/// taken is still there for another process that holds this end.
/// </summary>
/// <remarks>Both protocols begin a frame with a little-endian u32, the length of all of it (docs/agent.md).</remarks>
[SupportedOSPlatform("linux")]
internal sealed class AgentSocket : IDisposable
{
    /// <summary>The bytes of the length.</summary>
    public const int LengthSize = sizeof(uint);

    /// <summary>How long a frame may take from its first byte to its last, unless a test has less time.</summary>
    public static readonly TimeSpan WholeFrameTime = TimeSpan.FromSeconds(5);

    // One is right; who sends more is told so.
    private const int MostDescriptors = 4;

    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);

    private readonly Socket _socket;
    private readonly int _shortest;
    private readonly int _longest;
    private readonly TimeSpan _patience;

    /// <summary>Makes one of a connected stream socket.</summary>
    /// <param name="handle">The socket; owned by this object from now on.</param>
    /// <param name="shortest">The length of the shortest frame.</param>
    /// <param name="longest">The length of the longest frame.</param>
    /// <param name="patience">How long a frame may take; null for <see cref="WholeFrameTime"/>.</param>
    public AgentSocket(SafeFileHandle handle, int shortest, int longest, TimeSpan? patience = null)
    {
        (_shortest, _longest, _patience) = (shortest, longest, patience ?? WholeFrameTime);
        var socket = new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: true);
        handle.SetHandleAsInvalid();
        _socket = new Socket(socket);
    }

    /// <summary>The word behind the length of the frame that was waited for.</summary>
    public uint Second { get; private set; }

    /// <summary>The socket's handle, owned by this object.</summary>
    public SafeSocketHandle Handle => _socket.SafeHandle;

    /// <summary>Whether no byte lies here.</summary>
    public bool IsEmpty => _socket.Available == 0;

    /// <summary>Whether the other end is closed, or shut down for writing; frames may still lie here.</summary>
    public bool IsPeerGone => (Poll(Libc.POLLRDHUP) & (Libc.POLLRDHUP | Libc.POLLHUP)) != 0;

    /// <summary>Waits until a whole frame is there; takes nothing.</summary>
    /// <returns>Its length, or 0 at the end of the stream.</returns>
    /// <exception cref="LiveUpdateException">EPROTO: the length is out of range, or the frame not whole in time. An errno of the socket.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">Disposed meanwhile.</exception>
    public async ValueTask<int> WaitForFrameAsync(CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.Never;
        TimeSpan pause = s_shortestPause;
        while (true)
        {
            int length = Look(out bool hasBytes);
            if (length >= 0)
                return length;
            if (!hasBytes)
            {
                await WaitUntilReadableAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (deadline.Milliseconds < 0)
                deadline = Deadline.After(_patience);
            if (deadline.IsOver || IsPeerGone)
            {
                // The rest may have come with the end.
                return Look(out _) is > 0 and var whole
                    ? whole
                    : throw new LiveUpdateException(LiveUpdateError.Protocol, "A frame was begun and not ended.");
            }

            // The socket counts as readable all the while: only time can be waited for.
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            pause = pause < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    /// <summary>Takes the frame that was waited for, and what lies beside it.</summary>
    /// <param name="frame">Gets the frame; as long as that is.</param>
    /// <param name="descriptors">Gets the descriptors, close-on-exec; owned by whoever owns the list.</param>
    /// <returns>False if a descriptor beside it was lost: none is free here (<c>RLIMIT_NOFILE</c>).</returns>
    /// <exception cref="LiveUpdateException">EPROTO: it is not there any more. An errno of the socket.</exception>
    public bool Take(Span<byte> frame, List<SafeFileHandle> descriptors)
    {
        int count = SocketMessage.Receive(Handle, frame, descriptors, out bool truncated, MostDescriptors);
        if (count < 0)
            throw Errno.Failed(-count, "Receiving from a client");
        if (count != frame.Length)
            throw new LiveUpdateException(LiveUpdateError.Protocol, "A frame was sent in parts, with a descriptor beside a later one.");
        return !truncated;
    }

    /// <summary>Sends a frame at once.</summary>
    /// <returns>False if the other end is gone, or does not read: the connection is of no use any more.</returns>
    public bool TrySend(ReadOnlySpan<byte> frame, ReadOnlySpan<SafeHandle> descriptors = default) =>
        SocketMessage.Send(Handle, frame, descriptors) == frame.Length;

    /// <summary>Sends a frame, and gives the other end time to read what lies before it.</summary>
    /// <returns>False if the other end is gone, or did not read in time: the connection is of no use any more.</returns>
    public bool TrySend(ReadOnlySpan<byte> frame, TimeSpan patience)
    {
        try
        {
            DescriptorPassing.Send(Handle, frame, [], Deadline.After(patience));
            return true;
        }
        catch (LiveUpdateException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // An empty receive ends when there is something, and takes nothing.
    private async ValueTask WaitUntilReadableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new LiveUpdateException(Errno.FromSocket(exception), "Waiting for a client failed.", exception);
        }
    }

    /// <summary>The length of the frame that is there; 0 at the end of the stream, -1 if there is none yet.</summary>
    private int Look(out bool hasBytes)
    {
        Span<byte> start = stackalloc byte[LengthSize + sizeof(uint)];
        start.Clear();
        int seen = Peek(start);
        hasBytes = seen > 0;
        if (seen <= 0)
            return seen;
        if (seen < LengthSize)
            return -1;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(start);
        if (length < (uint)_shortest || length > (uint)_longest)
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"A frame of {length} bytes: it has {_shortest} to {_longest}.");
        Second = BinaryPrimitives.ReadUInt32LittleEndian(start[LengthSize..]);
        return _socket.Available >= (int)length ? (int)length : -1;
    }

    // -1 if there is nothing yet.
    private int Peek(Span<byte> data)
    {
        int seen = SocketMessage.Peek(Handle, data);
        if (seen >= 0)
            return seen;
        return -seen == (int)LiveUpdateError.TryAgain ? -1 : throw Errno.Failed(-seen, "Looking at a client's bytes");
    }

    private short Poll(short events)
    {
        using var reference = new HandleReference(Handle);
        var entry = new Libc.PollEntry { Descriptor = (int)reference.Value, Events = events };
        return Libc.Poll(ref entry, 1, 0) < 0 ? (short)0 : entry.Returned;
    }
}
