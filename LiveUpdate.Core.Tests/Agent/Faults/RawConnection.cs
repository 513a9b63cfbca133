using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>A connection to one of the agent's sockets, or to a session, over which anything can be sent.</summary>
[SupportedOSPlatform("linux")]
internal sealed class RawConnection : IDisposable
{
    /// <summary>What the last frame is.</summary>
    public const uint Ended = 0x03;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly Socket _socket;

    private RawConnection(Socket socket) => _socket = socket;

    /// <summary>Connects.</summary>
    public static RawConnection Connect(string directory, string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(directory, name)));
        return new RawConnection(socket);
    }

    /// <summary>Takes another descriptor of a session.</summary>
    public static RawConnection Of(AgentSession session)
    {
        using SafeFileHandle duplicate = session.DuplicateDescriptor();
        var handle = new SafeSocketHandle(duplicate.DangerousGetHandle(), ownsHandle: true);
        duplicate.SetHandleAsInvalid();
        return new RawConnection(new Socket(handle));
    }

    /// <summary>A request's frame.</summary>
    public static byte[] Frame(uint request, params ReadOnlySpan<byte> argument)
    {
        byte[] frame = new byte[8 + argument.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), request);
        argument.CopyTo(frame.AsSpan(8));
        return frame;
    }

    /// <summary>Sends bytes, and descriptors beside them.</summary>
    public void Send(ReadOnlySpan<byte> bytes, params ReadOnlySpan<SafeHandle> descriptors) =>
        DescriptorPassing.Send(_socket, bytes, descriptors, s_patience);

    /// <summary>Sends as much as the agent takes before it ends the connection.</summary>
    public void SendAll(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _socket.Send(bytes);
        }
        catch (SocketException)
        {
            // It has ended, as reading shows.
        }
    }

    /// <summary>Says that no more will come.</summary>
    public void EndSending()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The other side was faster.
        }
    }

    /// <summary>Receives a frame without its length; null at the end of the stream.</summary>
    public byte[]? Receive()
    {
        byte[] length = new byte[sizeof(uint)];
        if (!ReceiveExactly(length))
            return null;
        byte[] frame = new byte[BinaryPrimitives.ReadInt32LittleEndian(length) - length.Length];
        return ReceiveExactly(frame) ? frame : null;
    }

    /// <summary>Receives an answer of the device socket: the request, and the errno.</summary>
    public (uint Request, LiveUpdateError Error)? ReceiveAnswer() => Receive() is { } frame
        ? (BinaryPrimitives.ReadUInt32LittleEndian(frame), (LiveUpdateError)BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(4)))
        : null;

    /// <summary>Receives answers to the end of the stream.</summary>
    public IReadOnlyList<(uint Request, LiveUpdateError Error)> ReceiveAnswers()
    {
        List<(uint, LiveUpdateError)> answers = [];
        while (ReceiveAnswer() is { } answer)
            answers.Add(answer);
        return answers;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private bool ReceiveExactly(Span<byte> bytes)
    {
        _socket.ReceiveTimeout = (int)s_patience.TotalMilliseconds;
        while (!bytes.IsEmpty)
        {
            int count;
            try
            {
                count = _socket.Receive(bytes);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
            {
                // The agent closed with bytes of ours unread.
                count = 0;
            }

            if (count == 0)
                return false;
            bytes = bytes[count..];
        }

        return true;
    }
}
