using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>The bare round trip's other side, in a process of its own: a thread for each connection, nothing but the two calls.</summary>
internal static class EchoServer
{
    /// <summary>The bytes of a message, as many as a request to preserve has.</summary>
    public const int MessageSize = 24;

    /// <summary>The first byte of a message whose answer brings a descriptor.</summary>
    public const byte Wanted = 1;

    /// <summary>Serves until the parent is gone.</summary>
    /// <param name="path">The path of the socket.</param>
    public static void Run(string path)
    {
        Socket listener = StreamSocket.Listen(path);
        new Thread(() => Accept(listener, path)) { IsBackground = true }.Start();
        ChildProgram.Serve(static line => line);
    }

    private static void Accept(Socket listener, string path)
    {
        while (true)
        {
            SafeFileHandle client = StreamSocket.Accept(listener, path);
            new Thread(() => Echo(client)) { IsBackground = true }.Start();
        }
    }

    private static void Echo(SafeFileHandle client)
    {
        using SafeFileHandle socket = client;
        using SafeFileHandle file = Memfd.Create();
        Span<byte> message = stackalloc byte[MessageSize];
        while (BlockingSocket.TryReceive(socket, message, out SafeFileHandle? brought))
        {
            brought?.Dispose();
            BlockingSocket.Send(socket, message, message[0] == Wanted ? file : null);
        }
    }
}
