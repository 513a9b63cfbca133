using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using LiveUpdate;
using ZeroDowntimeServer.Protocol;

namespace ZeroDowntimeServer.Serving;

/// <summary>
/// Serves one client. All that changes its state, or takes bytes from its socket or gives it some, is done in its turn: whoever holds the
/// turn has the connection between two steps, with every byte either in the state or in the kernel.
/// </summary>
internal sealed class Connection : IDisposable
{
    private const ulong SocketToken = 1;
    private const ulong StateToken = 2;

    private readonly ulong _number;
    private readonly Socket _socket;
    private readonly ConnectionState _state;
    private readonly EchoServer _server;
    private readonly Lock _lock = new();
    private Session? _session;
    private bool _ended;

    public Connection(ulong number, Socket socket, ConnectionState state, EchoServer server)
    {
        (_number, _socket, _state, _server) = (number, socket, state, server);
        socket.Blocking = false;
    }

    /// <summary>The bytes that came from the generation before in typed state.</summary>
    public (int Received, int Unsent) Carried => _state.Carried;

    /// <summary>Held during a step; whoever takes it in between has the connection at rest.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>The connection that another generation preserved.</summary>
    public static Connection Retrieve(Session session, ulong number, EchoServer server) =>
        new(number, session.Retrieve<Socket>(SocketToken), session.Retrieve<ConnectionState>(StateToken), server);

    /// <summary>
    /// Preserves socket and state in a session of their own, which ends with the connection. Where there is no room for it the connection
    /// is closed, since no update could carry it.
    /// </summary>
    public void Preserve(LiveUpdateDevice device)
    {
        // Not in a turn, which may last as long as the client does not read; the state is only looked at when it is frozen.
        lock (_lock)
        {
            if (_ended || _session is not null)
                return;
            try
            {
                _session = device.CreateSession(EchoServer.NameOf(_number));
                _session.Preserve(SocketToken, _socket);
                _session.Preserve(StateToken, _state);
            }
            catch (LiveUpdateException)
            {
                End();
            }
        }
    }

    /// <summary>Serves until the client goes.</summary>
    public async Task RunAsync()
    {
        // What another generation received, or did not get sent, comes first.
        Progress progress = Progress.MoreToDo;
        do
        {
            if (progress == Progress.NeedsInput)
                await UntilReadableAsync();
            await _server.Rest.Over;
            await Turn.WaitAsync();
            try
            {
                progress = Work();
                if (progress == Progress.NeedsRoom)
                    await SendFirstByteAsync(_server.Rest.Begun);
            }
            catch (Exception exception) when (exception is SocketException or InvalidDataException or ObjectDisposedException)
            {
                // The client has gone, or does not keep to the protocol.
                progress = Progress.Ended;
            }
            finally
            {
                if (progress == Progress.Ended)
                    End();
                Turn.Release();
            }
        }
        while (progress != Progress.Ended);
    }

    /// <summary>Ends a connection that is at rest; see <see cref="EchoServer.Dispose"/>.</summary>
    public void Dispose() => _socket.Dispose();

    private Progress Work()
    {
        if (!AnswerAll())
            return Progress.NeedsRoom;
        Memory<byte> free = _state.Input.Writer.GetMemory(ConnectionState.Chunk)[..ConnectionState.Chunk];
        int received = _socket.Receive(free.Span, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock)
            return Progress.NeedsInput;
        if (error != SocketError.Success)
            throw new SocketException((int)error);
        if (received == 0)
            return Progress.Ended;
        _state.Input.Writer.Advance(received);
        ConnectionState.Flush(_state.Input);
        if (!AnswerAll())
            return Progress.NeedsRoom;
        return received < free.Length ? Progress.NeedsInput : Progress.MoreToDo;
    }

    /// <summary>Answers every request that is there.</summary>
    /// <returns>False if the kernel takes no more answers: nothing is received until it does.</returns>
    private bool AnswerAll()
    {
        do
        {
            if (!TrySend())
                return false;
        }
        while (AnswerSome());
        return true;
    }

    private bool AnswerSome()
    {
        long answered = 0;
        while (answered < ConnectionState.Chunk && _state.Input.Reader.TryRead(out ReadResult read))
        {
            ReadOnlySequence<byte> received = read.Buffer;
            bool isWhole = Frames.TryTake(ref received, out RequestHeader request, out ReadOnlySequence<byte> payload);
            if (isWhole)
                answered += Answer(request, payload);
            _state.Input.Reader.AdvanceTo(received.Start);
            if (!isWhole)
                break;
        }

        if (answered > 0)
            ConnectionState.Flush(_state.Output);
        return answered > 0;
    }

    private long Answer(in RequestHeader request, in ReadOnlySequence<byte> payload)
    {
        if (request.Sequence != _state.Answered + 1)
            throw new InvalidDataException($"Request {request.Sequence} where {_state.Answered + 1} was due.");
        ulong previous = _server.Cache.Exchange(request.Key, request.Value);
        _state.Answered++;
        var reply = new ReplyHeader(request.Sequence, _server.State.CountRequest(), previous, request.Length);
        Frames.Put(_state.Output.Writer, reply, payload);
        return ReplyHeader.Size + payload.Length;
    }

    /// <summary>Sends what is not sent yet; what the kernel does not take stays.</summary>
    /// <returns>Whether all was sent.</returns>
    private bool TrySend()
    {
        PipeReader unsent = _state.Output.Reader;
        while (unsent.TryRead(out ReadResult read))
        {
            int sent = _socket.Send(read.Buffer.FirstSpan, SocketFlags.None, out SocketError error);
            unsent.AdvanceTo(read.Buffer.GetPosition(sent));
            if (error == SocketError.WouldBlock)
                return false;
            if (error != SocketError.Success)
                throw new SocketException((int)error);
            _server.NoteAnswer();
        }

        return true;
    }

    /// <summary>
    /// Waits until the client has sent something, and takes nothing of it: outside of the turn, since the wait may last into an update and
    /// beyond.
    /// </summary>
    private async Task UntilReadableAsync()
    {
        try
        {
            await _socket.ReceiveAsync(Memory<byte>.Empty);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The next step finds the error itself.
        }
    }

    /// <summary>
    /// Waits until the kernel takes more: by sending one byte, which is either sent or not, where a longer send that is cancelled would not
    /// tell how much of it was. Rest ends the wait, and with it the turn.
    /// </summary>
    private async Task SendFirstByteAsync(CancellationToken restBegun)
    {
        PipeReader unsent = _state.Output.Reader;
        unsent.TryRead(out ReadResult read);
        int sent = 0;
        try
        {
            sent = await _socket.SendAsync(read.Buffer.First[..1], restBegun);
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            unsent.AdvanceTo(read.Buffer.GetPosition(sent));
        }
    }

    private void End()
    {
        lock (_lock)
        {
            _ended = true;
            _server.Remove(_number);
            _session?.Dispose();
            _socket.Dispose();
        }
    }
}
