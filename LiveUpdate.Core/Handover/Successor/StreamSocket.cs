using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The Unix stream sockets between a process and a successor that connects. A refusal keeps its errno; connected ones are bare handles,
/// which no finalizer closes.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class StreamSocket
{
    /// <summary>Makes the file for this user alone, unless told otherwise, and listens.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="mode">Its mode.</param>
    /// <exception cref="LiveUpdateException">
    /// EADDRINUSE: the file exists. EMFILE: no descriptor is free. ENOENT, EACCES and others: it cannot be made.
    /// </exception>
    public static Socket Listen(string path, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        string what = $"Listening at {path}";
        Socket socket = Create(what);
        bool isBound = false;
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            isBound = true;

            // Between the bind and this nobody can connect, because nobody listens.
            File.SetUnixFileMode(path, mode);
            socket.Listen();
            return socket;
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (isBound)
                File.Delete(path);
            if (exception is SocketException failure)
                throw Failed(failure, what);
            throw;
        }
    }

    /// <summary>Connects.</summary>
    /// <param name="path">The path of the listening socket.</param>
    /// <param name="peer">Who listens there, for the message of a refusal.</param>
    /// <returns>The socket; owned by the caller.</returns>
    /// <exception cref="LiveUpdateException">ENOENT, ECONNREFUSED: nobody listens there. EMFILE: no descriptor is free. EACCES.</exception>
    public static SafeFileHandle Connect(string path, string peer = "a predecessor")
    {
        string what = $"Connecting to {peer} at {path}";
        Socket socket = Create(what);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return Detach(socket);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (exception is SocketException failure)
                throw Failed(failure, what);
            throw;
        }
    }

    /// <summary>Takes the next one that has connected.</summary>
    /// <returns>The socket; owned by the caller.</returns>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free. ENOMEM and others.</exception>
    public static SafeFileHandle Accept(Socket listener, string path)
    {
        try
        {
            return Detach(listener.Accept());
        }
        catch (SocketException exception)
        {
            throw Failed(exception, $"Accepting a successor at {path}");
        }
    }

    private static Socket Create(string what)
    {
        try
        {
            return new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        }
        catch (SocketException exception)
        {
            throw Failed(exception, what);
        }
    }

    /// <summary>Makes a bare handle of a connected socket; the caller owns it.</summary>
    /// <remarks>The number gets another owner: the finalizer of a socket that nobody refers to closes its handle, whoever has that.</remarks>
    internal static SafeFileHandle Detach(Socket socket)
    {
        SafeSocketHandle owner = socket.SafeHandle;
        var detached = new SafeFileHandle(owner.DangerousGetHandle(), ownsHandle: true);
        owner.SetHandleAsInvalid();
        GC.KeepAlive(socket);
        return detached;
    }

    private static LiveUpdateException Failed(SocketException exception, string what) =>
        new(Errno.FromSocket(exception), $"{what} failed.", exception);
}
