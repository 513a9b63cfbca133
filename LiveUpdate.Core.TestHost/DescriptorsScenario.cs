using System.Buffers.Binary;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost;

/// <summary>A memfd, a pipe with data in it, a TCP listener, a connection with data in it, an eventfd and a typed state.</summary>
internal sealed class DescriptorsScenario : Scenario
{
    private static readonly byte[] s_marker = "bytes that were there before"u8.ToArray();

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        KhoMemory ram = KhoMemory.CreateShared(1 << 20, "ram");
        s_marker.CopyTo(ram.GetSpan(ram.Base, s_marker.Length));
        session.Preserve(1, ram.SharedFile!);

        var pipe = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
        pipe.Write("in the pipe"u8);
        session.Preserve(2, pipe.ClientSafePipeHandle);

        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        client.Send("in the connection"u8);
        session.Preserve(3, listener);
        session.Preserve(4, client);
        session.Preserve(5, listener.Accept());

        session.Preserve(6, Libc.EventFd(42));
        session.Preserve(7, new Note("typed", 2026));
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        using KhoMemory ram = KhoMemory.OpenShared(session.Retrieve<SafeFileHandle>(1));
        Say($"memfd {ram.GetSpan(ram.Base, s_marker.Length).SequenceEqual(s_marker)}");

        using SafeFileHandle pipe = session.Retrieve<SafeFileHandle>(2);
        Say($"pipe {ReadText(pipe)}");

        using var listener = session.Retrieve<Socket>(3);
        using var client = session.Retrieve<Socket>(4);
        using var server = session.Retrieve<Socket>(5);
        var buffer = new byte[100];
        Say($"connection {Encoding.UTF8.GetString(buffer, 0, server.Receive(buffer))}");
        server.Send("and back"u8);
        Say($"connection {Encoding.UTF8.GetString(buffer, 0, client.Receive(buffer))}");
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        late.Connect(listener.LocalEndPoint!);
        using Socket accepted = listener.Accept();
        Say($"listener {accepted.RemoteEndPoint!.Equals(late.LocalEndPoint)}");

        using SafeFileHandle events = session.Retrieve<SafeFileHandle>(6);
        Span<byte> count = stackalloc byte[8];
        RandomAccess.Read(events, count, 0);
        Say($"eventfd {BinaryPrimitives.ReadUInt64LittleEndian(count)}");

        Say($"state {session.Retrieve<Note>(7)}");
        Say($"target {luo.PreviousUpdate!.Target}, files {luo.PreviousUpdate.Files}, descriptors {luo.PreviousUpdate.Descriptors}");
        Say($"left {luo.Descriptors.IncomingCount}");
    }

    private static string ReadText(SafeFileHandle file)
    {
        using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        var buffer = new byte[100];
        return Encoding.UTF8.GetString(buffer, 0, stream.Read(buffer));
    }
}
