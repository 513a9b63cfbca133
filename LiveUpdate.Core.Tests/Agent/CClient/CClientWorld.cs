using System.Runtime.Versioning;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>An agent in this process that serves one directory over several generations, as it does for programs that outlive an update.</summary>
[SupportedOSPlatform("linux")]
internal sealed class CClientWorld : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("agent");
    private readonly bool _isExclusive;
    private LiveUpdateOrchestrator _orchestrator = LiveUpdateOrchestrator.Boot(Options());
    private AgentServer? _server;

    private CClientWorld(bool isExclusive) => _isExclusive = isExclusive;

    /// <summary>The agent's directory.</summary>
    public string Directory => _directory.FullName;

    /// <summary>Starts an agent.</summary>
    public static async Task<CClientWorld> StartAsync(bool isExclusive = false)
    {
        var world = new CClientWorld(isExclusive);
        await world.ServeAsync();
        return world;
    }

    /// <summary>A file with these contents; its path.</summary>
    public string WriteFile(string name, ReadOnlySpan<byte> contents)
    {
        string path = Path.Combine(Directory, name);
        File.WriteAllBytes(path, contents);
        return path;
    }

    /// <summary>The next generation serves; whoever was connected is told.</summary>
    public Task UpdateAsync() => ReplaceAsync(_orchestrator.HandOver(HandoverTarget.InProcess(Options())).Next);

    /// <summary>Another agent serves, to which nothing was handed over.</summary>
    public Task RestartAsync() => ReplaceAsync(LiveUpdateOrchestrator.Boot(Options()));

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _orchestrator.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task ReplaceAsync(LiveUpdateOrchestrator next)
    {
        await _server!.DisposeAsync();
        _orchestrator.Dispose();
        _orchestrator = next;
        await ServeAsync();
    }

    private async Task ServeAsync()
    {
        _server = new AgentServer(
            AgentBackEnd.ForDevice(_orchestrator.OpenDevice()), new AgentServerOptions { Directory = Directory, ExclusiveDevice = _isExclusive });
        await _server.StartAsync();
    }

    private static LiveUpdateOptions Options() => new() { Handlers = { new MemfdHandler() } };
}
