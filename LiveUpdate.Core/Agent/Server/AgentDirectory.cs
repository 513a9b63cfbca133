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
    private const int ConnectionRefused = 111;
    private const string TemporarySuffix = ".new";

    /// <summary>Listens. The file of an agent that has died is removed; one that somebody listens at is not.</summary>
    /// <exception cref="LiveUpdateException">EADDRINUSE: another agent listens there. ENOENT, EACCES and others: it cannot be made.</exception>
    public static Socket Listen(string path, AgentServerOptions options)
    {
        if (File.Exists(path) && IsListenedAt(path))
            throw new LiveUpdateException(LiveUpdateError.AddressInUse, $"Another agent listens at {path}.");

        // Where the file is, somebody listens: it gets its name last, in the place of one that was left.
        string temporary = path + TemporarySuffix;
        File.Delete(temporary);
        Socket socket = StreamSocket.Listen(temporary, options.Mode);
        try
        {
            if ((options.Owner ?? options.Group) is not null &&
                Libc.Chown(temporary, options.Owner ?? Unchanged, options.Group ?? Unchanged) != 0)
                throw Errno.Failed(Marshal.GetLastPInvokeError(), $"Giving {path} to another owner");
            File.Move(temporary, path, overwrite: true);
            return socket;
        }
        catch
        {
            socket.Dispose();
            File.Delete(temporary);
            throw;
        }
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
}
