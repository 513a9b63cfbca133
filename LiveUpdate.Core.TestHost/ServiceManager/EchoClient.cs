using System.Net;
using System.Net.Sockets;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>A client that sends without a pause over one connection, and compares what comes back byte for byte.</summary>
internal sealed class EchoClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Thread _sender;
    private readonly Thread _receiver;
    private long _sent;
    private long _received;
    private volatile bool _isStopping;
    private string? _failure;

    public EchoClient(int port)
    {
        _socket.Connect(IPAddress.Loopback, port);
        _sender = new Thread(() => Run(Send));
        _receiver = new Thread(() => Run(Receive));
        _sender.Start();
        _receiver.Start();
    }

    /// <summary>Waits until so many more bytes have come back.</summary>
    public void Await(long more)
    {
        long until = Volatile.Read(ref _received) + more;
        while (Volatile.Read(ref _received) < until && _failure is null && _receiver.IsAlive)
            Thread.Sleep(5);
    }

    /// <summary>Sends no more, and waits for what is under way.</summary>
    /// <returns>Whether every byte came back, in order; or what happened.</returns>
    public string Finish()
    {
        _isStopping = true;
        _sender.Join();
        _receiver.Join();
        return _failure ?? $"all bytes back {_sent > 0 && _sent == _received}";
    }

    public void Dispose() => _socket.Dispose();

    private void Send()
    {
        var block = new byte[512];
        while (!_isStopping)
        {
            for (int i = 0; i < block.Length; i++)
                block[i] = (byte)((_sent + i) % 251);
            for (int sent = 0; sent < block.Length;)
                sent += _socket.Send(block, sent, block.Length - sent, SocketFlags.None);
            Volatile.Write(ref _sent, _sent + block.Length);
            Thread.Sleep(1);
        }
    }

    private void Receive()
    {
        var block = new byte[4096];
        while (!_isStopping || _sender.IsAlive || Volatile.Read(ref _sent) > _received)
        {
            if (!_socket.Poll(10_000, SelectMode.SelectRead))
                continue;
            int count = _socket.Receive(block);
            if (count == 0)
                throw new EndOfStreamException($"The connection ended after {_received} bytes.");
            for (int i = 0; i < count; i++)
            {
                if (block[i] != (byte)((_received + i) % 251))
                    throw new InvalidDataException($"Byte {_received + i} is wrong.");
            }

            Volatile.Write(ref _received, _received + count);
        }
    }

    private void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            _failure = exception.Message;
        }
    }
}
