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
    private AgentServer _server;

    public CClientWorld(bool isExclusive = false)
    {
        _isExclusive = isExclusive;
        _server = Serve();
    }

    public string Directory => _directory.FullName;

    /// <summary>A file with these contents; its path.</summary>
    public string WriteFile(string name, ReadOnlySpan<byte> contents)
    {
        string path = Path.Combine(Directory, name);
        File.WriteAllBytes(path, contents);
        return path;
    }

    /// <summary>The next generation serves; whoever was connected is told.</summary>
    public async Task UpdateAsync()
    {
        LiveUpdateOrchestrator next = _orchestrator.HandOver(HandoverTarget.InProcess(Options())).Next;
        await ReplaceAsync(next);
    }

    /// <summary>Another agent serves, to which nothing was handed over.</summary>
    public Task RestartAsync() => ReplaceAsync(LiveUpdateOrchestrator.Boot(Options()));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _orchestrator.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task ReplaceAsync(LiveUpdateOrchestrator next)
    {
        await _server.DisposeAsync();
        _orchestrator.Dispose();
        _orchestrator = next;
        _server = Serve();
    }

    private AgentServer Serve()
    {
        var server = new AgentServer(
            _orchestrator.OpenDevice(), new AgentServerOptions { Directory = Directory, ExclusiveDevice = _isExclusive });
        server.Start();
        return server;
    }

    private static LiveUpdateOptions Options() => new() { Handlers = { new MemfdHandler() } };
}
