using System.Runtime.Versioning;
using LiveUpdate.Agent;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>What a stage runs on in this process: the machine, and the agent behind it where one is asked.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ScenarioStage : IDisposable
{
    private readonly AgentServer? _agent;
    private readonly DirectoryInfo? _directory;

    public ScenarioStage(LiveUpdateOrchestrator orchestrator, ScenarioDevice device)
    {
        if (device != ScenarioDevice.Agent)
        {
            Machine = new ManagedMachine(orchestrator);
            return;
        }

        _directory = Directory.CreateTempSubdirectory("agent");
        _agent = new AgentServer(
            AgentBackEnd.ForDevice(orchestrator.OpenDevice()), new AgentServerOptions { Directory = _directory.FullName, ExclusiveDevice = true, CloseFinishes = true });
        _agent.StartAsync().GetAwaiter().GetResult();
        Machine = new AgentMachine(_directory.FullName);
    }

    /// <summary>The machine.</summary>
    public ScenarioMachine Machine { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Machine.Dispose();
        _agent?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _directory?.Delete(recursive: true);
    }
}
