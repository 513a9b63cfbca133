using System.Diagnostics;
using System.Runtime.Versioning;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>luod as a program, in a directory of its own; whichever process it is at the end is killed.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LuodDaemon : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("luod");

    private LuodDaemon() => First = StartedProgram.OfAssembly("luod", "-d", Directory);

    public string Directory => _directory.FullName;

    /// <summary>The process that was started; the agent until the first update.</summary>
    public StartedProgram First { get; }

    /// <summary>Starts it, and waits until it listens.</summary>
    public static async Task<LuodDaemon> StartAsync()
    {
        var daemon = new LuodDaemon();
        await Eventually.DoesAsync(() => File.Exists(Path.Combine(daemon.Directory, "update")));
        return daemon;
    }

    public async ValueTask DisposeAsync()
    {
        int id;
        await using (AgentClient client = await AgentClient.ConnectAsync(Directory))
            id = (await client.GetStatusAsync()).Agent.ProcessId;
        using (Process agent = Process.GetProcessById(id))
        {
            agent.Kill();
            await agent.WaitForExitAsync();
        }

        First.Dispose();
        _directory.Delete(recursive: true);
    }
}
