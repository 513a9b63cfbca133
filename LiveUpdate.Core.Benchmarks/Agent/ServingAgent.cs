using System.Globalization;
using LiveUpdate.Agent;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>
/// The agent, in a process of its own: on a managed orchestrator whose incoming sessions came by a hand-over within the process, so that
/// every request has something to work on.
/// </summary>
internal static class ServingAgent
{
    /// <summary>How many incoming sessions it has, each with <see cref="AgentWork.Requests"/> files.</summary>
    public const int Sessions = 24;

    /// <summary>Asks for the bytes that it has allocated so far.</summary>
    public const string Allocated = "allocated";

    /// <summary>The name of an incoming session.</summary>
    public static string NameOf(int session) => $"in-{session.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Serves until the parent is gone.</summary>
    /// <param name="directory">The agent's directory.</param>
    public static async Task RunAsync(string directory)
    {
        using var orchestrator = IncomingFiles.HandOver(Sessions, AgentWork.Requests);
        var options = new AgentServerOptions { Directory = directory };
        await using var server = new AgentServer(AgentBackEnd.ForDevice(orchestrator.OpenDevice()), options);
        await server.StartAsync();
        ChildProgram.Serve(static line =>
            line == Allocated ? GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture) : line);
        await server.StopAsync();
    }
}
