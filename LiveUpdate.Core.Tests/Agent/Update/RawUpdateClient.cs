using System.Buffers;
using System.Net.Sockets;
using System.Runtime.Versioning;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>A client that says what it is told to, byte for byte.</summary>
[SupportedOSPlatform("linux")]
internal sealed class RawUpdateClient : IDisposable
{
    private readonly byte[] _buffer = new byte[2 * UpdateFrame.Longest];
    private int _length;

    private RawUpdateClient(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    public static RawUpdateClient Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)UpdateLab.Limit.TotalMilliseconds };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new RawUpdateClient(socket);
    }

    public void Send(params byte[] bytes) => Assert.That(Socket.Send(bytes), Is.EqualTo(bytes.Length));

    public void Send(UpdateRequest request) => Send(request.Write());

    public void SayHello()
    {
        Send(new UpdateRequest(UpdateMessageKind.Hello) { Number = 1, Version = 1, Name = "raw" });
        Assert.That(Read()?.Kind, Is.EqualTo(UpdateMessageKind.Welcome));
    }

    /// <summary>The next message; null at the end of the stream.</summary>
    public UpdateNotice? Read()
    {
        while (true)
        {
            var buffer = new ReadOnlySequence<byte>(_buffer, 0, _length);
            if (UpdateFrame.TryTake(ref buffer, out ReadOnlySequence<byte> payload))
            {
                UpdateNotice notice = UpdateNotice.Read(payload);
                byte[] rest = buffer.ToArray();
                rest.CopyTo(_buffer, 0);
                _length = rest.Length;
                return notice;
            }

            try
            {
                int received = Socket.Receive(_buffer.AsSpan(_length));
                if (received == 0)
                    return null;
                _length += received;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
            {
                return null;
            }
        }
    }

    /// <summary>Asserts that the agent says why, and then cuts the connection off.</summary>
    public void IsCutOff(LiveUpdateError error = LiveUpdateError.Protocol)
    {
        UpdateNotice? last = Read();
        Assert.That((last?.Kind, last?.Number, last?.Error), Is.EqualTo(((UpdateMessageKind?)UpdateMessageKind.Error, (ulong?)0, (LiveUpdateError?)error)));
        Assert.That(Read(), Is.Null);
    }

    public void Dispose() => Socket.Dispose();
}
