using BenchmarkDotNet.Attributes;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>Preserving memfds: one round trip each, with a descriptor in the request.</summary>
public class PreserveDescriptors
{
    private const string Name = "preserved";

    private LiveUpdateOrchestrator _orchestrator = null!;
    private LiveUpdateDevice _managed = null!;
    private AgentDevice _agent = null!;
    private EchoClient _echo = null!;
    private SafeFileHandle[] _files = [];
    private Session? _session;

    [GlobalSetup]
    public void Setup()
    {
        _orchestrator = LiveUpdateOrchestrator.Boot(IncomingFiles.CreateOptions(1 << 20));
        _managed = _orchestrator.OpenDevice();
        _agent = AgentWork.Current.Connect();
        _echo = new EchoClient(AgentWork.Current.EchoPath);
        _files = Memfd.CreateMany(AgentWork.Requests);
        WarmUp.Once(nameof(PreserveDescriptors), () =>
        {
            RoundTrip();
            OpenManaged();
            Managed();
            Close();
            OpenAgent();
            Agent();
            Close();
        });
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        Memfd.CloseAll(_files);
        _echo.Dispose();
        _agent.Dispose();
        _managed.Dispose();
        _orchestrator.Dispose();
    }

    [IterationSetup(Target = nameof(Managed))]
    public void OpenManaged() => _session = _managed.CreateSession(Name);

    [IterationSetup(Target = nameof(Agent))]
    public void OpenAgent() => _session = _agent.CreateSession(Name);

    [IterationCleanup(Targets = [nameof(Managed), nameof(Agent)])]
    public void Close() => _session!.Close();

    [Benchmark(Baseline = true, OperationsPerInvoke = AgentWork.Requests, Description = "Round trip, brings a descriptor")]
    public void RoundTrip()
    {
        foreach (SafeFileHandle file in _files)
            _echo.Bring(file);
    }

    [Benchmark(OperationsPerInvoke = AgentWork.Requests, Description = "Managed device")]
    public void Managed() => Preserve();

    [Benchmark(OperationsPerInvoke = AgentWork.Requests)]
    public void Agent() => Preserve();

    private void Preserve()
    {
        for (int token = 0; token < _files.Length; token++)
            _session!.Preserve((ulong)token, _files[token]);
    }
}
