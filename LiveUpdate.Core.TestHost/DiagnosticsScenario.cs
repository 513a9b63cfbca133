using System.Net.Sockets;

namespace LiveUpdate.TestHost;

/// <summary>Whether diagnostics tools find the new image.</summary>
internal sealed class DiagnosticsScenario : Scenario
{
    protected override ulong Updates => 2;

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args) =>
        session.Preserve(1, new Note(string.Join(' ', Find("-socket")), 0));

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        string[] sockets = Find("-socket");
        bool sameName = sockets.SequenceEqual([session.Retrieve<Note>(1).Text]);
        Say($"sockets {sockets.Length}, same name {sameName}, put aside {Find("-socket.replaced").Length}");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(sockets[0]));
        Say($"connected {socket.Connected}");
        Say($"answer {Ask(socket)}");
    }

    // The name has the time of the process's start as well: one that was killed leaves its socket, and numbers of processes are used again.
    private static string[] Find(string end) => [.. Directory
        .EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{Environment.ProcessId}-{StartTime()}-*")
        .Where(path => path.EndsWith(end, StringComparison.Ordinal))];

    private static string StartTime()
    {
        const int AfterName = 19;
        string status = File.ReadAllText("/proc/self/stat");
        return status[(status.LastIndexOf(')') + 2)..].Split(' ')[AfterName];
    }

    // The diagnostics protocol's request for the process information: magic, size, command set and command, a reserved field.
    private static string Ask(Socket socket)
    {
        byte[] request = [.. "DOTNET_IPC_V1\0"u8, 20, 0, 4, 0, 0, 0];
        socket.Send(request);
        var answer = new byte[4096];
        int length = socket.Receive(answer);
        return length > 28 && BitConverter.ToInt64(answer, 20) == Environment.ProcessId ? "this process" : $"{length} bytes";
    }
}
