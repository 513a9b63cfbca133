using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// A real datagram socket at which a hand-over finds somebody who keeps what it is sent, answers so many barriers, and then reads no more,
/// as a service manager that hangs.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class NotifyPeer : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ReceivedDescriptors _kept = new();
    private readonly List<string> _messages = [];
    private readonly Thread _reader;
    private readonly string? _path;

    /// <summary>Listens.</summary>
    /// <param name="address">A path, or <c>@</c> and a name.</param>
    /// <param name="barriers">How many barriers are answered.</param>
    public NotifyPeer(string address, int barriers)
    {
        _path = address[0] == '@' ? null : address;
        _socket.Bind(new UnixDomainSocketEndPoint(_path ?? '\0' + address[1..]));
        _reader = new Thread(() => Answer(barriers)) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>Reads what is still in the queue.</summary>
    /// <returns>The commands and names of all messages so far, without those that change nothing.</returns>
    public string[] Drain()
    {
        Join();
        while (_socket.Available > 0)
            Read();
        return [.. _messages];
    }

    /// <summary>Closes the socket with what is in its queue.</summary>
    public void Close()
    {
        Join();
        _socket.Dispose();
    }

    public void Dispose()
    {
        Close();
        _kept.Dispose();
        if (_path is not null)
            File.Delete(_path);
    }

    private void Join()
    {
        if (!_reader.Join(s_limit))
            throw new InvalidOperationException("Fewer barriers came than are to be answered.");
    }

    private void Answer(int barriers)
    {
        while (barriers > 0)
        {
            if (Read() == "BARRIER")
                barriers--;
        }
    }

    private string Read()
    {
        var text = new byte[4096];
        using var received = new ReceivedDescriptors();
        int length = DescriptorPassing.Receive(_socket, text, received);
        string[] lines = Encoding.UTF8.GetString(text, 0, length).Split('\n');
        string command = lines[0].Split('=')[0];
        string? name = lines.FirstOrDefault(static line => line.StartsWith("FDNAME=", StringComparison.Ordinal))?[7..];
        if (name is not null)
            _messages.Add($"{command} {name}{(lines.Contains("FDPOLL=0") ? " unpolled" : "")} {received.Count}");
        return command;
    }
}
