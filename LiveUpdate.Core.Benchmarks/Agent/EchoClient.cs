using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>A connection to the <see cref="EchoServer"/>; for one thread.</summary>
internal sealed class EchoClient(string path) : IDisposable
{
    private readonly SafeFileHandle _socket = StreamSocket.Connect(path, "the echo server");

    /// <summary>Sends a descriptor, and waits for the answer.</summary>
    /// <exception cref="IOException">The server is gone.</exception>
    public void Bring(SafeFileHandle file) => Ask(0, file)?.Dispose();

    /// <summary>Gets a descriptor, owned by the caller.</summary>
    /// <exception cref="IOException">The server is gone.</exception>
    public SafeFileHandle Get() => Ask(EchoServer.Wanted, null) ?? throw new IOException("No descriptor came.");

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private SafeFileHandle? Ask(byte what, SafeFileHandle? file)
    {
        Span<byte> message = stackalloc byte[EchoServer.MessageSize];
        message.Clear();
        message[0] = what;
        BlockingSocket.Send(_socket, message, file);
        return BlockingSocket.TryReceive(_socket, message, out SafeFileHandle? got) ? got : throw new IOException("The server is gone.");
    }
}
