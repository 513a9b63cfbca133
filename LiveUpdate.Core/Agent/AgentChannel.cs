using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>A client's end of a connection that speaks frames: one request at a time, each with its answer. Safe for threads.</summary>
/// <remarks>Nothing is read ahead, so that the connection can be given to another process between two requests.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class AgentChannel(SafeFileHandle socket, AgentDeviceOptions options) : IDisposable
{
    private const string Operation = "ask agent";

    private readonly Lock _lock = new();
    private readonly ReceivedDescriptors _received = new();
    private LiveUpdateError _ended;
    private uint _count;
    private bool _isOwedAnAnswer;

    /// <summary>The socket, owned by this channel.</summary>
    public SafeFileHandle Socket => socket;

    /// <summary>How it waits.</summary>
    public AgentDeviceOptions Options => options;

    /// <summary>Reads the agent's first frame.</summary>
    /// <exception cref="LiveUpdateException">
    /// What the agent refuses with. EPROTO: it is no agent, or of another version. ECONNRESET: it has closed the connection. ETIMEDOUT.
    /// </exception>
    public void AwaitGreeting(Deadline deadline)
    {
        Span<byte> frame = stackalloc byte[AgentProtocol.LongestAnswer];
        ReadOnlySpan<byte> greeting = frame[..Receive(frame, deadline)];
        LiveUpdateError error = AgentFrame.ReadError(greeting);
        if (AgentFrame.ReadRequest(greeting) is not (AgentProtocol.Greeting or AgentProtocol.Ended) || _received.Count > 0)
            throw Refusal.Create(LiveUpdateError.Protocol, AgentRefusal.Open, "What listens there does not greet as an agent does.");
        if (error != LiveUpdateError.None)
            throw AgentRefusal.For(error, AgentRefusal.Open, default);
        uint version = AgentFrame.ReadField(greeting, 1);
        if (version != AgentProtocol.Version)
        {
            throw Refusal.Create(
                LiveUpdateError.Protocol, AgentRefusal.Open, $"The agent speaks version {version} of the protocol, this library {AgentProtocol.Version}.");
        }
    }

    /// <summary>Sends a request and gets its answer, which is written over its struct.</summary>
    /// <param name="request">All 32 bits.</param>
    /// <param name="argument">The struct; at most a page.</param>
    /// <param name="descriptor">What goes beside it; null for nothing.</param>
    /// <returns>The agent's errno. EINTR is asked again.</returns>
    /// <exception cref="LiveUpdateException">
    /// ECONNRESET: the agent is gone. ETIMEDOUT: no answer in time. EPROTO: the answer cannot be read. ESHUTDOWN: the session was handed over.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The channel is closed.</exception>
    public LiveUpdateError Request(uint request, Span<byte> argument, SafeHandle? descriptor = null)
    {
        LiveUpdateError error = Exchange(request, argument, descriptor, opens: false, out SafeFileHandle? surplus);
        surplus?.Dispose();
        return error;
    }

    /// <summary>Sends a request whose answer brings a descriptor. One must be free before it is made (reference U-21).</summary>
    /// <param name="request">All 32 bits.</param>
    /// <param name="argument">The struct; at most a page.</param>
    /// <param name="opened">The descriptor, owned by the caller.</param>
    /// <inheritdoc cref="Request"/>
    public LiveUpdateError Open(uint request, Span<byte> argument, out SafeFileHandle? opened) =>
        Exchange(request, argument, null, opens: true, out opened);

    /// <summary>Learns what a connection is that came from another process, and how many requests have been taken from it.</summary>
    /// <returns>0 for the device, otherwise flags of the session.</returns>
    /// <inheritdoc cref="Request"/>
    public uint Describe()
    {
        Span<uint> argument = [3 * sizeof(uint), 0, 0];
        LiveUpdateError error = Request(AgentProtocol.Describe, MemoryMarshal.AsBytes(argument));
        if (error != LiveUpdateError.None)
            throw AgentRefusal.For(error, AgentRefusal.Adopt, default);
        _count = argument[1];
        return argument[2];
    }

    /// <summary>Ends the connection, and waits until the agent has done what that means.</summary>
    /// <returns>What it says: 0, or EBUSY where a handler refused to finish. 0 as well if the agent is gone.</returns>
    public LiveUpdateError CloseAndWait()
    {
        lock (_lock)
        {
            Deadline deadline = Deadline.After(options.ConnectTimeout);
            if (_ended != LiveUpdateError.None || socket.IsClosed || Libc.Shutdown(socket, Libc.SHUT_WR) != 0)
                return LiveUpdateError.None;
            try
            {
                DrainUntilEnded(deadline);
            }
            catch (LiveUpdateException)
            {
                // The close of the descriptor is left, which says the same and waits for no answer.
            }

            return _ended == LiveUpdateError.Busy ? _ended : LiveUpdateError.None;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        _received.Dispose();
    }

    private LiveUpdateError Exchange(uint request, Span<byte> argument, SafeHandle? descriptor, bool opens, out SafeFileHandle? opened)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(socket.IsClosed, this);
            opened = null;
            Deadline deadline = Deadline.After(options.RequestTimeout);
            Span<byte> frame = stackalloc byte[AgentProtocol.LongestAnswer];
            try
            {
                LiveUpdateError error;
                do
                {
                    if (_ended != LiveUpdateError.None)
                        throw AgentRefusal.For(_ended, Operation, default);
                    if (_isOwedAnAnswer)
                        AwaitAnswer(null, frame, deadline);
                    using SafeFileHandle? place = opens ? TryReserve() : null;
                    if (opens && place is null)
                        return LiveUpdateError.TooManyFiles;
                    Send(request, argument, descriptor, frame, deadline);
                    AwaitBytes(deadline);
                    place?.Dispose();
                    error = Accept(request, argument, AwaitAnswer(request, frame, deadline), frame);
                }
                while (error == LiveUpdateError.Interrupted);
                if (error == LiveUpdateError.None && opens)
                    opened = _received.Count == 1 ? _received.Take() : throw Unreadable(request);
                return error;
            }
            finally
            {
                _received.Dispose();
            }
        }
    }

    private void Send(uint request, ReadOnlySpan<byte> argument, SafeHandle? descriptor, Span<byte> frame, Deadline deadline)
    {
        frame = frame[..(AgentProtocol.RequestHeader + argument.Length)];
        AgentFrame.WriteRequest(frame, request);
        argument.CopyTo(frame[AgentProtocol.RequestHeader..]);
        try
        {
            DescriptorPassing.Send(socket, frame, descriptor is null ? [] : [descriptor], deadline);
        }
        catch (LiveUpdateException exception) when (exception.Error is LiveUpdateError.BrokenPipe or LiveUpdateError.ConnectionReset)
        {
            // Why it has ended may lie here still.
            DrainUntilEnded(deadline);
            throw AgentRefusal.For(_ended, Operation, default, inner: exception);
        }

        _count++;
        _isOwedAnAnswer = true;
    }

    /// <summary>Gets the answer to the last request, in one form or the other.</summary>
    private int AwaitAnswer(uint? request, Span<byte> frame, Deadline deadline)
    {
        while (true)
        {
            int length = Receive(frame, deadline);
            uint kind = AgentFrame.ReadRequest(frame[..length]);
            if (kind == AgentProtocol.Ended)
                throw AgentRefusal.For(End(frame[..length]), Operation, default);
            if (kind == AgentProtocol.Resumed && AgentFrame.ReadField(frame[..length], 1) != _count)
                continue;

            // An agent that died and came back greets once more if it is not known whether it had.
            if (kind == AgentProtocol.Greeting)
                continue;
            if (kind != AgentProtocol.Resumed && kind != (request ?? kind))
                throw Unreadable(request ?? kind);
            _isOwedAnAnswer = false;
            return length;
        }
    }

    /// <summary>Takes an answer over into the struct.</summary>
    /// <returns>Its errno; EINTR where the request is to be sent again.</returns>
    private static LiveUpdateError Accept(uint request, Span<byte> argument, int length, ReadOnlySpan<byte> frame)
    {
        LiveUpdateError error = AgentFrame.ReadError(frame);
        if (AgentFrame.ReadRequest(frame) == AgentProtocol.Resumed)
        {
            // What was carried out is done for good only where the answer has nothing more to say.
            bool isWhole = error != LiveUpdateError.None || request is LiveUpdateIoctl.PreserveFd or LiveUpdateIoctl.Finish;
            return isWhole ? error : LiveUpdateError.Interrupted;
        }

        if (error != LiveUpdateError.None)
            return error;
        if (length != AgentProtocol.AnswerHeader + argument.Length)
            throw Unreadable(request);
        frame[AgentProtocol.AnswerHeader..length].CopyTo(argument);
        return error;
    }

    private void AwaitBytes(Deadline deadline)
    {
        if (DescriptorWait.Wait(socket, Libc.POLLIN, deadline) == WaitResult.TimedOut)
            throw AgentRefusal.For(LiveUpdateError.TimedOut, Operation, default);
    }

    /// <summary>Receives a frame.</summary>
    private int Receive(Span<byte> frame, Deadline deadline)
    {
        _received.Dispose();
        ReceiveExactly(frame[..AgentSocket.LengthSize], deadline);
        uint length = MemoryMarshal.Read<uint>(frame);
        if (length is < AgentProtocol.AnswerHeader or > AgentProtocol.LongestAnswer)
            throw Refusal.Create(LiveUpdateError.Protocol, Operation, $"A frame of {length} bytes came: it has {AgentProtocol.AnswerHeader} to {AgentProtocol.LongestAnswer}.");
        ReceiveExactly(frame[AgentSocket.LengthSize..(int)length], deadline);
        return (int)length;
    }

    private void ReceiveExactly(Span<byte> bytes, Deadline deadline)
    {
        while (!bytes.IsEmpty)
        {
            int count;
            try
            {
                count = DescriptorPassing.Receive(socket, bytes, _received, deadline);
            }
            catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.ConnectionReset)
            {
                count = 0;
            }

            if (count == 0)
            {
                _ended = LiveUpdateError.ConnectionReset;
                throw AgentRefusal.For(_ended, Operation, default);
            }

            bytes = bytes[count..];
        }
    }

    private void DrainUntilEnded(Deadline deadline)
    {
        Span<byte> frame = stackalloc byte[AgentProtocol.LongestAnswer];
        while (_ended == LiveUpdateError.None)
        {
            int length = Receive(frame, deadline);
            if (AgentFrame.ReadRequest(frame[..length]) == AgentProtocol.Ended)
                End(frame[..length]);
        }
    }

    // An end without a reason is one all the same.
    private LiveUpdateError End(ReadOnlySpan<byte> frame) =>
        _ended = AgentFrame.ReadError(frame) is var error and not LiveUpdateError.None ? error : LiveUpdateError.ConnectionReset;

    private SafeFileHandle? TryReserve()
    {
        try
        {
            return DescriptorInfo.Duplicate(socket);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.TooManyFiles)
        {
            return null;
        }
    }

    private static LiveUpdateException Unreadable(uint request) => Refusal.Create(
        LiveUpdateError.Protocol, Operation, $"The answer to request 0x{request:X} is not of its kind or length, or its descriptor is missing.");
}
