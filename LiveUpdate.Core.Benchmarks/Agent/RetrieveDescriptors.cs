using BenchmarkDotNet.Attributes;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>Retrieving memfds for the first time: one round trip each, with a descriptor in the answer.</summary>
public class RetrieveDescriptors
{
    private readonly SafeFileHandle?[] _retrieved = new SafeFileHandle?[AgentWork.Requests];
    private AgentDevice _agent = null!;
    private EchoClient _echo = null!;
    private IncomingFiles? _files;
    private Session? _session;

    [GlobalSetup]
    public void Setup()
    {
        _agent = AgentWork.Current.Connect();
        _echo = new EchoClient(AgentWork.Current.EchoPath);
        Session? warm = null;
        WarmUp.Once(nameof(RetrieveDescriptors), () =>
        {
            RoundTrip();
            CloseFiles();
            HandOver();
            Managed();
            CloseManaged();

            // The agent's files come to an end: again and again the same ones.
            _session = warm ??= _agent.RetrieveSession(AgentWork.Current.NextIncoming());
            Agent();
            CloseFiles();
        });
        warm?.Close();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _echo.Dispose();
        _agent.Dispose();
    }

    [IterationSetup(Target = nameof(Managed))]
    public void HandOver()
    {
        _files = IncomingFiles.HandOver(1, AgentWork.Requests);
        using LiveUpdateDevice device = _files.OpenDevice();
        _session = device.RetrieveSession(ServingAgent.NameOf(0));
    }

    [IterationSetup(Target = nameof(Agent))]
    public void RetrieveSession() => _session = _agent.RetrieveSession(AgentWork.Current.NextIncoming());

    [IterationCleanup(Target = nameof(RoundTrip))]
    public void CloseFiles() => Memfd.CloseAll(_retrieved);

    [IterationCleanup(Target = nameof(Managed))]
    public void CloseManaged()
    {
        CloseAgent();
        _files!.Dispose();
    }

    [IterationCleanup(Target = nameof(Agent))]
    public void CloseAgent()
    {
        CloseFiles();
        _session!.Close();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = AgentWork.Requests, Description = "Round trip, gets a descriptor")]
    public void RoundTrip()
    {
        for (int i = 0; i < _retrieved.Length; i++)
            _retrieved[i] = _echo.Get();
    }

    [Benchmark(OperationsPerInvoke = AgentWork.Requests, Description = "Managed device")]
    public void Managed() => Retrieve();

    [Benchmark(OperationsPerInvoke = AgentWork.Requests)]
    public void Agent() => Retrieve();

    private void Retrieve()
    {
        for (int token = 0; token < _retrieved.Length; token++)
            _retrieved[token] = _session!.Retrieve<SafeFileHandle>((ulong)token);
    }
}
