using System.Buffers;
using System.Net;
using System.Net.Sockets;
using LiveUpdate;
using ZeroDowntimeServer.Protocol;

namespace ZeroDowntimeServer.Serving;

/// <summary>
/// The life of the server in small, within this process: a connection, an update that is called off, one that happens. Whatever the pause
/// of a real update runs, on either side of it, has been run here before, and need not be compiled while clients wait.
/// </summary>
internal static class Rehearsal
{
    private const long MemorySize = 1L << 20;

    public static void Run(CancellationToken cancellationToken)
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(ServerProcess.CreateOptions(MemorySize, Sabotage.None));
        using LiveUpdateDevice device = luo.OpenDevice();
        using EchoServer server = EchoServer.Listen();
        server.Preserve(device);
        server.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(IPAddress.Loopback, server.Port);
        client.Send(Request(1));
        ReceiveReply(client);

        byte[] halved = Request(2);
        client.Send(halved.AsSpan(..RequestHeader.Size));
        server.ComeToRest(cancellationToken);
        server.Resume();
        server.ComeToRest(cancellationToken);
        LiveUpdateOptions options = ServerProcess.CreateOptions(MemorySize, Sabotage.None);
        using LiveUpdateOrchestrator next = luo.HandOver(HandoverTarget.InProcess(options), cancellationToken).Next;
        using LiveUpdateDevice nextDevice = next.OpenDevice();
        using EchoServer successor = EchoServer.TakeOver(nextDevice);
        client.Send(halved.AsSpan(RequestHeader.Size..));
        ReceiveReply(client);
        successor.ComeToRest(cancellationToken);
    }

    private static byte[] Request(ulong sequence)
    {
        var request = new ArrayBufferWriter<byte>();
        byte[] payload = "rehearsal"u8.ToArray();
        Frames.Put(request, new RequestHeader(sequence, 1, sequence, (ulong)payload.Length), new ReadOnlySequence<byte>(payload));
        return request.WrittenSpan.ToArray();
    }

    private static void ReceiveReply(Socket client)
    {
        var received = new byte[ReplyHeader.Size + "rehearsal"u8.Length];
        for (int length = 0; length < received.Length;)
        {
            int count = client.Receive(received.AsSpan(length));
            if (count == 0)
                throw new InvalidDataException("The rehearsal's connection was closed.");
            length += count;
        }
    }
}
