using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using CommunityToolkit.HighPerformance.Buffers;
using ZeroDowntimeServer.Protocol;

namespace ZeroDowntimeServer.Driving;

/// <summary>
/// One connection to the server, which checks every answer: order, count, cache, and each byte of the payload. One may send while another
/// receives.
/// </summary>
internal sealed class EchoClient : IDisposable
{
    // Payloads are stretches of one block of random bytes, so that none has to be made, and each can be checked.
    private static readonly byte[] s_bytes = RandomBytes(1 << 20);

    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(30);

    private readonly string _name;
    private readonly Socket _socket;
    private readonly Keys _keys;
    private readonly Random _random;
    private readonly Tally _tally;
    private readonly PipeReader _received;
    private readonly ArrayPoolBufferWriter<byte> _request = new();
    private readonly ConcurrentQueue<ExpectedReply> _expected = new();
    private readonly CancellationTokenSource _late = new();
    private ulong _sequence;
    private ulong _lastCounter;
    private volatile bool _isDone;

    private EchoClient(string name, Socket socket, Keys keys, Random random, Tally tally)
    {
        (_name, _socket, _keys, _random, _tally) = (name, socket, keys, random, tally);
        _received = PipeReader.Create(new NetworkStream(socket, ownsSocket: false));
    }

    /// <summary>The longest that an answer took.</summary>
    public TimeSpan LongestWait { get; private set; }

    /// <param name="name">For messages.</param>
    /// <param name="port">Where the server listens.</param>
    /// <param name="keys">The keys that it uses; no other client does at the same time.</param>
    /// <param name="random">Chooses what it asks.</param>
    /// <param name="tally">Gets the figures.</param>
    /// <param name="receiveBuffer">What the kernel may hold for it, in bytes; 0 to leave that to the kernel.</param>
    public static async Task<EchoClient> ConnectAsync(string name, int port, Keys keys, Random random, Tally tally, int receiveBuffer = 0)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
            socket.ReceiveBufferSize = receiveBuffer;
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        tally.Connected();
        return new EchoClient(name, socket, keys, random, tally);
    }

    /// <summary>Sends one request, often in two pieces, so that an update finds half a request.</summary>
    public async Task SendAsync()
    {
        int longest = _random.Next(4) == 0 ? RequestHeader.MaxPayload : 512;
        int length = _random.Next(longest + 1);
        ReadOnlyMemory<byte> payload = s_bytes.AsMemory(_random.Next(s_bytes.Length - length), length);
        (ulong key, ulong value, ulong previous) = _keys.Choose(_random);
        _request.Clear();
        Frames.Put(_request, new RequestHeader(++_sequence, key, value, (ulong)length), new ReadOnlySequence<byte>(payload));
        _tally.Sent(length);
        _expected.Enqueue(new ExpectedReply(_sequence, previous, payload, Stopwatch.GetTimestamp()));
        int first = _random.Next(3) == 0 ? _random.Next(1, _request.WrittenCount) : _request.WrittenCount;
        await _socket.SendAsync(_request.WrittenMemory[..first]);
        if (first == _request.WrittenCount)
            return;
        await Task.Yield();
        await _socket.SendAsync(_request.WrittenMemory[first..]);
    }

    /// <summary>Says that nothing more is sent; the server ends the connection when it has answered all.</summary>
    public void Done()
    {
        _isDone = true;
        _socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Receives one answer and checks it.</summary>
    /// <returns>False if the connection has ended as it should.</returns>
    /// <exception cref="LostException">It ended too early, or the answer is wrong, or does not come.</exception>
    public async Task<bool> ReceiveAsync()
    {
        while (true)
        {
            ReadResult read = await ReadAsync();
            ReadOnlySequence<byte> received = read.Buffer;
            if (Frames.TryTake(ref received, out ReplyHeader reply, out ReadOnlySequence<byte> payload))
            {
                Check(reply, payload);
                _received.AdvanceTo(received.Start);
                return true;
            }

            _received.AdvanceTo(received.Start, received.End);
            if (!read.IsCompleted)
                continue;
            if (!_isDone || !_expected.IsEmpty || !received.IsEmpty)
                throw Lost($"the connection ended with {_expected.Count} answers outstanding and {received.Length} bytes of the next one");
            return false;
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _request.Dispose();
        _late.Dispose();
    }

    private async Task<ReadResult> ReadAsync()
    {
        _late.CancelAfter(s_answerLimit);
        try
        {
            return await _received.ReadAsync(_late.Token);
        }
        catch (OperationCanceledException)
        {
            throw Lost($"{_expected.Count} answers did not come within {s_answerLimit.TotalSeconds} s");
        }
        finally
        {
            _late.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private void Check(in ReplyHeader reply, in ReadOnlySequence<byte> payload)
    {
        if (!_expected.TryDequeue(out ExpectedReply? expected))
            throw Lost($"an answer to request {reply.Sequence}, which was not asked");
        if (reply.Sequence != expected.Sequence)
            throw Lost($"an answer to request {reply.Sequence} where {expected.Sequence} was due");
        if (reply.Counter <= _lastCounter)
            throw Lost($"the counter went from {_lastCounter} to {reply.Counter}");
        if (reply.Previous != expected.Previous)
            throw Lost($"the cache held {reply.Previous:x} where {expected.Previous:x} had been put (request {reply.Sequence})");
        if (payload.Length != expected.Payload.Length || !Equal(payload, expected.Payload.Span))
            throw Lost($"the {expected.Payload.Length} bytes of request {reply.Sequence} came back as other {payload.Length} bytes");
        _lastCounter = reply.Counter;
        _tally.Echoed(expected.Payload.Length, reply.Counter);
        TimeSpan waited = Stopwatch.GetElapsedTime(expected.SentAt);
        LongestWait = waited > LongestWait ? waited : LongestWait;
    }

    private static bool Equal(in ReadOnlySequence<byte> payload, ReadOnlySpan<byte> expected)
    {
        foreach (ReadOnlyMemory<byte> part in payload)
        {
            if (!part.Span.SequenceEqual(expected[..part.Length]))
                return false;
            expected = expected[part.Length..];
        }

        return true;
    }

    private LostException Lost(string what) => new($"{_name}: {what}.");

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
