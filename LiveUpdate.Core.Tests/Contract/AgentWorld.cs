using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Machine.Contract;

namespace LiveUpdate.Tests.Contract;

/// <summary>The device of an agent that serves one generation.</summary>
[SupportedOSPlatform("linux")]
internal sealed class AgentWorld : ContractWorld, IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("agent");
    private readonly AgentServer _server;

    public AgentWorld(LiveUpdateOrchestrator orchestrator)
    {
        _server = new AgentServer(AgentBackEnd.ForDevice(orchestrator.OpenDevice()), new AgentServerOptions { Directory = _directory.FullName, ExclusiveDevice = true });
        _server.StartAsync().GetAwaiter().GetResult();
    }

    public override LiveUpdateDevice Open() => AgentDevice.Connect(_directory.FullName);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
