using System.Net;
using System.Net.Sockets;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>Sends back what one client sends. Stopped, it has read no byte that it has not sent back.</summary>
internal sealed class EchoServer(Socket listener, Socket? connection, Action<Socket> accepted) : IDisposable
{
    private const int PollMicroseconds = 5_000;

    private readonly byte[] _buffer = new byte[4096];
    private Socket? _connection = connection;
    private Thread? _thread;
    private volatile bool _isStopping;

    public static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    public void Start()
    {
        _isStopping = false;
        _thread = new Thread(Serve);
        _thread.Start();
    }

    public void Stop()
    {
        _isStopping = true;
        _thread?.Join();
        _thread = null;
    }

    public void Dispose()
    {
        Stop();
        _connection?.Dispose();
        listener.Dispose();
    }

    private void Serve()
    {
        while (!_isStopping)
        {
            if (_connection is null)
            {
                if (!listener.Poll(PollMicroseconds, SelectMode.SelectRead))
                    continue;
                _connection = listener.Accept();
                accepted(_connection);
            }
            else if (_connection.Poll(PollMicroseconds, SelectMode.SelectRead))
            {
                int count = _connection.Receive(_buffer);
                if (count == 0)
                    return;
                for (int sent = 0; sent < count;)
                    sent += _connection.Send(_buffer, sent, count - sent, SocketFlags.None);
            }
        }
    }
}
