using System.Runtime.Versioning;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>An agent in this process that luoctl is pointed at.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LuoctlAgentWorld : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("agent");
    private readonly AgentServer _server;

    private LuoctlAgentWorld(AgentBackEnd backEnd) =>
        _server = new AgentServer(backEnd, new AgentServerOptions { Directory = _directory.FullName });

    public string Directory => _directory.FullName;

    /// <summary>Starts one whose updates replace its process; that is no successor's here, so that they fail at the hand-over.</summary>
    public static Task<LuoctlAgentWorld> StartAsync() => StartAsync(AgentBackEnd.Managed(Options));

    /// <summary>Starts one that makes no updates.</summary>
    public static Task<LuoctlAgentWorld> StartBlockedAsync() => StartAsync(AgentBackEnd.ForDevice(LiveUpdateOrchestrator.Boot(Options()).OpenDevice()));

    /// <summary>Runs luoctl to its end.</summary>
    public Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => LuoctlRun.OfAsync(["-d", Directory, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private static async Task<LuoctlAgentWorld> StartAsync(AgentBackEnd backEnd)
    {
        var world = new LuoctlAgentWorld(backEnd);
        await world._server.StartAsync();
        return world;
    }

    private static LiveUpdateOptions Options() => new() { Handlers = { new MemfdHandler() } };
}
