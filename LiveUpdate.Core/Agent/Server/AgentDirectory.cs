using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate.Agent;

/// <summary>The files of the agent's sockets.</summary>
[SupportedOSPlatform("linux")]
internal static class AgentDirectory
{
    private const uint Unchanged = uint.MaxValue;

    /// <summary>Listens. The file of an agent that has died is removed; one that somebody listens at is not.</summary>
    /// <exception cref="LiveUpdateException">EADDRINUSE: another agent listens there. ENOENT, EACCES and others: it cannot be made.</exception>
    public static Socket Listen(string path, AgentServerOptions options)
    {
        if (File.Exists(path) && !IsListenedAt(path))
            File.Delete(path);
        Socket socket = StreamSocket.Listen(path, options.Mode);
        if ((options.Owner ?? options.Group) is null ||
            Libc.Chown(path, options.Owner ?? Unchanged, options.Group ?? Unchanged) == 0)
            return socket;
        int errno = Marshal.GetLastPInvokeError();
        socket.Dispose();
        File.Delete(path);
        throw Errno.Failed(errno, $"Giving {path} to another owner");
    }

    private static bool IsListenedAt(string path)
    {
        try
        {
            StreamSocket.Connect(path, "an agent").Dispose();
            return true;
        }
        catch (LiveUpdateException exception) when (exception.Error == (LiveUpdateError)ConnectionRefused)
        {
            return false;
        }
    }

    private const int ConnectionRefused = 111;
}
