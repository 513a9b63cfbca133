using BenchmarkDotNet.Attributes;
using LiveUpdate.Agent;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>Making a session and closing it, two round trips through the agent, the first with a descriptor in its answer.</summary>
public class CreateSession
{
    private const string Name = "created";

    private LiveUpdateOrchestrator _orchestrator = null!;
    private LiveUpdateDevice _managed = null!;
    private AgentDevice _agent = null!;
    private EchoClient _echo = null!;

    [GlobalSetup]
    public void Setup()
    {
        _orchestrator = LiveUpdateOrchestrator.Boot(IncomingFiles.CreateOptions(1 << 20));
        _managed = _orchestrator.OpenDevice();
        _agent = AgentWork.Current.Connect();
        _echo = new EchoClient(AgentWork.Current.EchoPath);
        WarmUp.Once(nameof(CreateSession), () =>
        {
            RoundTrip();
            Managed();
            Agent();
        });
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _echo.Dispose();
        _agent.Dispose();
        _managed.Dispose();
        _orchestrator.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = AgentWork.Requests, Description = "Round trip, gets a descriptor")]
    public void RoundTrip()
    {
        for (int i = 0; i < AgentWork.Requests; i++)
            _echo.Get().Dispose();
    }

    [Benchmark(OperationsPerInvoke = AgentWork.Requests, Description = "Managed device")]
    public void Managed()
    {
        for (int i = 0; i < AgentWork.Requests; i++)
            _managed.CreateSession(Name).Close();
    }

    [Benchmark(OperationsPerInvoke = AgentWork.Requests)]
    public void Agent()
    {
        for (int i = 0; i < AgentWork.Requests; i++)
            _agent.CreateSession(Name).Close();
    }
}
