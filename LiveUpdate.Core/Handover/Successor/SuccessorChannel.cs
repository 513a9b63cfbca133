using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// One end of the stream between a process and its successor: messages with descriptors, time-outs, and the other process's death.
/// </summary>
/// <remarks>
/// Not safe for threads. Owns socket and process handle. Messages of a fixed size are sent and received without an allocation. A message
/// is read
/// header first and then exactly its bytes, so descriptors, which travel with the first byte, are those of the message being read.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class SuccessorChannel(SafeHandle socket, ProcessHandle peer, string peerName) : IDisposable
{
    private const int ConnectionReset = 104;

    private const int NoBufferSpace = 105;

    private const int EndOfProcess = 200;

    private const int UsualLength = 4096;

    // Longer than a freeze of thousands of files; a process that waits longer than this sleeps.
    private static readonly long s_longestSpin = Environment.ProcessorCount > 1 ? Stopwatch.Frequency / 500 : 0;

    private static readonly TimeSpan s_breath = TimeSpan.FromMilliseconds(1);

    private byte[] _outgoing = new byte[UsualLength];
    private byte[] _incoming = new byte[UsualLength];
    private int _length;

    public SafeHandle Socket => socket;

    /// <summary>The process at the other end.</summary>
    public ProcessHandle Peer => peer;

    /// <summary>The bytes of the message that was received last, without the header; valid until the next one.</summary>
    public ReadOnlySpan<byte> Payload => _incoming.AsSpan(0, _length);

    /// <summary>As <see cref="Payload"/>.</summary>
    public ReadOnlyMemory<byte> PayloadMemory => _incoming.AsMemory(0, _length);

    /// <summary>The descriptors of the message that was received last.</summary>
    public ReceivedDescriptors Received { get; } = new();

    /// <summary>Calls waits off; null for none.</summary>
    public CancellationSignal? Cancellation { get; set; }

    /// <summary>
    /// Whether the next message is waited for awake, for a short while: within the pause, where being woken up would be most of the wait.
    /// </summary>
    public bool IsAwake { get; set; }

    /// <summary>
    /// Whether a call that fails for want of memory is made again, however often: where a message decides who the owner is, and nobody can
    /// give up before it is read.
    /// </summary>
    public bool IsPatient { get; set; }

    /// <summary>Sends a message.</summary>
    /// <exception cref="LiveUpdateException">EPIPE: the other process is gone. ETIMEDOUT. Any errno of <c>sendmsg</c>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Send(SuccessorMessage kind, Deadline deadline, ReadOnlySpan<byte> payload = default, ReadOnlySpan<SafeHandle> descriptors = default)
    {
        int length = SuccessorHeader.Size + payload.Length;
        if (_outgoing.Length < length)
            _outgoing = new byte[length];
        new SuccessorHeader(SuccessorHeader.CurrentVersion, kind, payload.Length, descriptors.Length).Write(_outgoing);
        payload.CopyTo(_outgoing.AsSpan(SuccessorHeader.Size));
        ReadOnlySpan<byte> rest = _outgoing.AsSpan(0, length);
        while (true)
        {
            int sent = SocketMessage.Send(socket, rest, descriptors);
            if (sent == rest.Length)
                return;
            if (sent >= 0)
            {
                rest = rest[sent..];
                descriptors = default;
            }
            else if (-sent == (int)LiveUpdateError.BrokenPipe)
            {
                throw Gone();
            }
            else if (-sent != (int)LiveUpdateError.TryAgain)
            {
                throw Errno.Failed(-sent, $"Sending to the {peerName}");
            }

            WaitFor(Libc.POLLOUT, deadline, kind);
        }
    }

    /// <summary>Sends a message whose payload is one number.</summary>
    public void Send(SuccessorMessage kind, Deadline deadline, int number)
    {
        Span<byte> payload = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(payload, number);
        Send(kind, deadline, payload);
    }

    /// <summary>Receives a message.</summary>
    /// <returns>Its kind; what came with it is in <see cref="Payload"/> and <see cref="Received"/>.</returns>
    /// <exception cref="LiveUpdateException">
    /// EPIPE: the other process is gone, or closed its end. EPROTO: not a message. EOPNOTSUPP: of another version. EMFILE: its
    /// descriptors were
    /// lost. ETIMEDOUT.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public SuccessorMessage Receive(Deadline deadline, SuccessorMessage expected = SuccessorMessage.None)
    {
        Received.Dispose();
        _length = 0;
        Fill(_incoming.AsSpan(0, SuccessorHeader.Size), deadline, expected);
        SuccessorHeader header = SuccessorHeader.Read(_incoming);
        if (_incoming.Length < header.Length)
            _incoming = new byte[header.Length];
        Fill(_incoming.AsSpan(0, header.Length), deadline, expected);
        _length = header.Length;
        if (Received.Count != header.Descriptors)
        {
            throw new LiveUpdateException(
                LiveUpdateError.Protocol, $"A message with {header.Descriptors} descriptors came with {Received.Count}.");
        }

        return header.Kind;
    }

    /// <summary>The payload of a message that is one number.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: it is not.</exception>
    public int ReadNumber() => _length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(Payload) : throw Unexpected("a message of the wrong length");

    /// <summary>The refusal of a message that is not in place.</summary>
    public LiveUpdateException Unexpected(string what) => new(LiveUpdateError.Protocol, $"The {peerName} sent {what}.");

    /// <summary>The refusal for a process that is gone.</summary>
    public LiveUpdateException Gone()
    {
        // The stream of a process that exits ends a moment before the process does.
        string how = peer.Reap(EndOfProcess) is { } ending ? $"ended with {ending}" : "ended or closed its end of the stream";
        return new LiveUpdateException(LiveUpdateError.BrokenPipe, $"The {peerName}, process {peer.Id}, {how}.");
    }

    /// <summary>Ends the stream in both directions: the other process sees its end, whoever else has the socket open.</summary>
    public void Shutdown() => _ = Libc.Shutdown(socket, Libc.SHUT_RDWR);

    /// <inheritdoc/>
    public void Dispose()
    {
        Received.Dispose();
        socket.Dispose();
        peer.Dispose();
    }

    private void Fill(Span<byte> room, Deadline deadline, SuccessorMessage expected)
    {
        long sleepAt = IsAwake ? Stopwatch.GetTimestamp() + s_longestSpin : 0;
        while (!room.IsEmpty)
        {
            int count = SocketMessage.Receive(socket, room, Received.Handles, out bool truncated);
            if (truncated)
                DescriptorPassing.ThrowTruncated(Received);
            if (Received.Count > DescriptorPassing.MaxPerMessage)
                throw Unexpected($"{Received.Count} descriptors beside one message");
            if (count > 0)
                room = room[count..];
            else if (count == 0 || -count == ConnectionReset)
                throw Gone();
            else if (BearsWith(-count))
                Thread.Sleep(s_breath);
            else if (-count != (int)LiveUpdateError.TryAgain)
                throw Errno.Failed(-count, $"Receiving from the {peerName}");
            else if (IsAwake && Stopwatch.GetTimestamp() < sleepAt)
                Thread.Yield();
            else
                WaitToReceive(deadline, expected);
        }
    }

    private void WaitToReceive(Deadline deadline, SuccessorMessage expected)
    {
        try
        {
            WaitFor(Libc.POLLIN, deadline, expected);
        }
        catch (LiveUpdateException exception) when (BearsWith((int)exception.Error))
        {
            Thread.Sleep(s_breath);
        }
    }

    private bool BearsWith(int errno) => IsPatient && errno is (int)LiveUpdateError.OutOfMemory or NoBufferSpace;

    // The stream is read to its end even when the process has ended: what it wrote before counts.
    private void WaitFor(short events, Deadline deadline, SuccessorMessage message)
    {
        switch (DescriptorWait.Wait(socket, events, deadline, peer.Descriptor, Cancellation?.Descriptor))
        {
            case WaitResult.Process when DescriptorWait.Wait(socket, events, Deadline.After(TimeSpan.Zero)) != WaitResult.Socket:
                throw Gone();
            case WaitResult.Cancelled:
                throw new OperationCanceledException("The hand-over was cancelled.", Cancellation!.Token);
            case WaitResult.TimedOut:
                throw new LiveUpdateException(LiveUpdateError.TimedOut, $"The {peerName}, process {peer.Id}, did not answer in time: {Describe(message)}.");
        }
    }

    private static string Describe(SuccessorMessage message) => message switch
    {
        SuccessorMessage.Hello => "it has not said hello",
        SuccessorMessage.Synchronized or SuccessorMessage.Closed => "it has not taken the descriptors",
        SuccessorMessage.Verified => "it has not booted and verified",
        _ => "it takes no messages",
    };
}
