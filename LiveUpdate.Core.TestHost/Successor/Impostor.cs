using System.Diagnostics;
using System.Net.Sockets;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// Another user's process where a predecessor should listen, <c>impostor FOLDER</c>: says what it is sent by a process that wants to be the successor.
/// </summary>
internal static class Impostor
{
    private const uint Nobody = 65534;

    public static void Run(string folder)
    {
        string path = Path.Combine(folder, "socket");
        File.SetUnixFileMode(folder, (UnixFileMode)0x1ff);
        using Process successor = Process.Start(ThisProgram.File, ThisProgram.With("adopted-life", path, "secret", "-"));

        // A socket has the user of the time at which it began to listen.
        Libc.BecomeUser(Nobody);
        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, (UnixFileMode)0x1b6);
            listener.Listen();
            using Socket stream = listener.Accept();
            Scenario.Say($"sent {stream.Receive(new byte[4096])} bytes");
        }

        successor.WaitForExit();
        Scenario.Say($"ended with {successor.ExitCode}");
    }
}
