using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// One connection that speaks frames, from its first request to its close: what is common to the device and to sessions.
/// </summary>
/// <remarks>
/// The struct of a request goes to a <see cref="UapiDispatcher"/> as it is, so that checks, their order and their errno are the reference's
/// (part 3); a descriptor beside it has a number in the dispatcher's table for the time of the request.
/// </remarks>
[SupportedOSPlatform("linux")]
internal abstract class ClientConnection : IDisposable
{
    private const int FdOffset = sizeof(uint);
    private const int FdEnd = 2 * sizeof(uint);

    private readonly AgentSocket _socket;
    private readonly UapiDispatcher _dispatcher;
    private readonly List<SafeFileHandle> _received = [];
    private readonly int _target;
    private long _start;

    protected ClientConnection(AgentServer server, AgentSocket socket, UserAccount user, int record, object target)
    {
        (Server, _socket, User, Record) = (server, socket, user, record);
        _dispatcher = new UapiDispatcher(static () => throw new InvalidOperationException("A connection opens no device."));
        _ = _dispatcher.Install(target, out _target);
    }

    /// <summary>Who has it.</summary>
    public UserAccount User { get; }

    /// <summary>The number of its record in the ledger.</summary>
    public int Record { get; }

    /// <summary>The socket's handle, owned by this connection.</summary>
    public SafeHandle Socket => _socket.Handle;

    /// <summary>Whether the client has closed its end.</summary>
    public bool IsClosed => _socket.IsPeerGone && _socket.IsEmpty;

    /// <summary>The server.</summary>
    protected AgentServer Server { get; }

    /// <summary>What it is, for a client that asks.</summary>
    protected abstract AgentKind Kind { get; }

    private uint Count => Server.Books.Ledger.Connection(Record).Count;

    /// <summary>Serves until the client closes, or it is cancelled.</summary>
    /// <returns>Whether the connection is over; otherwise it is as it was, for somebody else to go on with.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            LiveUpdateError why = LiveUpdateError.None;
            bool goesOn = true;
            while (goesOn)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int length;
                try
                {
                    length = await _socket.WaitForFrameAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (LiveUpdateException exception)
                {
                    AgentLog.Misbehaved(Server.Logger, User.User, exception.Message);
                    (length, why) = (0, exception.Error);
                }

                await Server.Gate.EnterAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    goesOn = length > 0 && Serve(length, ref why);
                    if (!goesOn)
                        End(why);
                }
                finally
                {
                    Server.Gate.Exit();
                }
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception exception)
        {
            AgentLog.ConnectionFailed(Server.Logger, User.User, exception);
            return await FailAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells the client, after the agent died and came back, what became of its last request.</summary>
    public void Resume()
    {
        AgentLedger ledger = Server.Books.Ledger;
        LedgerPhase phase = ledger.Connection(Record).Phase;
        if (phase is LedgerPhase.Taking or LedgerPhase.Executing)
            ledger.Interrupt(Record, isInSocket: !_socket.IsEmpty);
        LedgerConnection record = ledger.Connection(Record);
        if (record.Phase != LedgerPhase.Answered)
            return;

        // A descriptor that was in the answer is gone with it: what it was of is closed by now, or given out again.
        bool opens = record.Request is LiveUpdateIoctl.CreateSession or LiveUpdateIoctl.RetrieveSession or LiveUpdateIoctl.RetrieveFd;
        SendOwn(AgentProtocol.Resumed, opens && record.Errno == 0 ? LiveUpdateError.Interrupted : (LiveUpdateError)record.Errno, record.Count);
        ledger.Rest(Record);
    }

    /// <summary>Closes what a client has closed while there was no agent.</summary>
    public void CloseNow() => End(LiveUpdateError.None);

    /// <summary>Sends the last frame, and lets the socket go. What the connection stands for is not closed.</summary>
    public void Dismiss(LiveUpdateError why)
    {
        SendOwn(AgentProtocol.Ended, why, Count);
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        Drop();
    }

    /// <summary>Sends a frame of the agent's own.</summary>
    protected bool SendOwn(uint request, LiveUpdateError error, params ReadOnlySpan<uint> fields) =>
        SendOwn(_socket, request, error, fields);

    /// <summary>Sends a frame of the agent's own over a connection that nobody serves.</summary>
    internal static bool SendOwn(AgentSocket socket, uint request, LiveUpdateError error, params ReadOnlySpan<uint> fields)
    {
        Span<byte> frame = stackalloc byte[AgentProtocol.AnswerHeader + ((fields.Length + 1) * sizeof(uint))];
        AgentFrame.WriteAnswer(frame, request, error);
        Span<uint> body = MemoryMarshal.Cast<byte, uint>(frame[AgentProtocol.AnswerHeader..]);
        body[0] = (uint)(body.Length * sizeof(uint));
        fields.CopyTo(body[1..]);
        return socket.TrySend(frame);
    }

    /// <summary>Refuses a request before it reaches the device; none for those that are none of this kind's.</summary>
    /// <param name="request">The number.</param>
    /// <param name="argument">The struct, of any length.</param>
    /// <param name="file">What came beside it.</param>
    protected abstract LiveUpdateError Admit(uint request, ReadOnlySpan<byte> argument, SafeFileHandle? file);

    /// <summary>Books what a request did.</summary>
    /// <param name="request">The number.</param>
    /// <param name="error">What it came to.</param>
    /// <param name="opened">What it opened: a session or a file, owned by the callee.</param>
    /// <returns>The descriptor for the client, owned by the caller; null for none.</returns>
    protected abstract SafeHandle? Book(uint request, ref LiveUpdateError error, object? opened);

    /// <summary>Called once it is decided what becomes of a request, before the client is told.</summary>
    protected virtual void Answered(LiveUpdateError error)
    {
    }

    /// <summary>Closes what the connection stands for.</summary>
    /// <returns>What the client is told.</returns>
    protected abstract LiveUpdateError Close();

    // Whatever failed, what the connection stands for must not stay behind without it.
    private async Task<bool> FailAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Server.Gate.EnterAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                End(LiveUpdateError.InputOutput);
            }
            finally
            {
                Server.Gate.Exit();
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception exception)
        {
            AgentLog.ConnectionFailed(Server.Logger, User.User, exception);
            Dispose();
        }

        return true;
    }

    private void End(LiveUpdateError why)
    {
        uint count = Count;
        LiveUpdateError closed = Close();
        SendOwn(AgentProtocol.Ended, why != LiveUpdateError.None ? why : closed, count);
        Dispose();
    }

    private bool Serve(int length, ref LiveUpdateError why)
    {
        // The struct lies where the answer has it, so that the answer is the request with another header.
        const int Shift = AgentProtocol.AnswerHeader - AgentProtocol.RequestHeader;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length + Shift);
        try
        {
            Memory<byte> frame = buffer.AsMemory(0, length + Shift);
            _start = Server.Instruments.Start();
            AgentLedger ledger = Server.Books.Ledger;
            ledger.BeginTaking(Record, _socket.Second);
            bool isWhole = _socket.Take(frame.Span[Shift..], _received);
            ledger.BeginExecuting(Record);
            if (_received.Count > 1)
                throw new LiveUpdateException(LiveUpdateError.Protocol, $"{_received.Count} descriptors came beside one frame.");
            uint request = AgentFrame.ReadRequest(frame.Span[Shift..]);
            return isWhole ? Answer(request, frame) : Send(request, LiveUpdateError.TooManyFiles, frame[..AgentProtocol.AnswerHeader], []);
        }
        catch (LiveUpdateException exception)
        {
            AgentLog.Misbehaved(Server.Logger, User.User, exception.Message);
            why = exception.Error;
            return false;
        }
        finally
        {
            Drop();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool Answer(uint request, Memory<byte> frame)
    {
        Memory<byte> argument = frame[AgentProtocol.AnswerHeader..];
        SafeFileHandle? file = _received.Count > 0 ? _received[0] : null;
        if (request == AgentProtocol.Describe)
            return Describe(frame);
        LiveUpdateError error = Admit(request, argument.Span, file);
        object? opened = null;
        if (error == LiveUpdateError.None)
            error = Carry(request, argument, file, out opened);
        using SafeHandle? beside = Book(request, ref error, opened);
        return Send(request, error, error == LiveUpdateError.None ? frame : frame[..AgentProtocol.AnswerHeader], beside is null ? [] : [beside]);
    }

    private bool Send(uint request, LiveUpdateError error, Memory<byte> answer, ReadOnlySpan<SafeHandle> beside)
    {
        Server.Books.Ledger.Answer(Record, error);
        Answered(error);
        AgentFrame.WriteAnswer(answer.Span, request, error);
        bool isSent = _socket.TrySend(answer.Span, beside);
        Server.Books.Ledger.Rest(Record);
        Server.Instruments.Answered(request, error, _start);
        return isSent;
    }

    /// <summary>Carries a request out; the field for a descriptor is a number of the dispatcher's meanwhile.</summary>
    private LiveUpdateError Carry(uint request, Memory<byte> argument, SafeFileHandle? file, out object? opened)
    {
        opened = null;
        bool hasField = request is LiveUpdateIoctl.CreateSession or LiveUpdateIoctl.RetrieveSession or LiveUpdateIoctl.PreserveFd or LiveUpdateIoctl.RetrieveFd
            && argument.Length >= FdEnd;
        int brought = -1;
        if (file is not null && request == LiveUpdateIoctl.PreserveFd)
        {
            // The table disposes it with the number; what is preserved is held by the session.
            if (_dispatcher.Install(file, out brought) != LiveUpdateError.None)
                return LiveUpdateError.TooManyFiles;
            _received.Clear();
        }

        if (hasField)
            MemoryMarshal.Write(argument.Span[FdOffset..], brought);
        LiveUpdateError error = _dispatcher.Ioctl(_target, request, argument);
        if (brought >= 0)
            _dispatcher.Close(brought);
        if (!hasField)
            return error;
        if (error == LiveUpdateError.None && request != LiveUpdateIoctl.PreserveFd)
            opened = _dispatcher.Detach(MemoryMarshal.Read<int>(argument.Span[FdOffset..]));
        MemoryMarshal.Write(argument.Span[FdOffset..], -1);
        return error;
    }

    private bool Describe(Memory<byte> frame)
    {
        Span<byte> argument = frame.Span[AgentProtocol.AnswerHeader..];
        LiveUpdateError error = argument.Length == 3 * sizeof(uint) ? LiveUpdateError.None : LiveUpdateError.InvalidArgument;
        if (error == LiveUpdateError.None)
        {
            MemoryMarshal.Write(argument[sizeof(uint)..], Count);
            MemoryMarshal.Write(argument[(2 * sizeof(uint))..], (uint)Kind);
        }
        else
            frame = frame[..AgentProtocol.AnswerHeader];
        return Send(AgentProtocol.Describe, error, frame, []);
    }

    private void Drop()
    {
        foreach (SafeFileHandle handle in _received)
            handle.Dispose();
        _received.Clear();
    }
}
