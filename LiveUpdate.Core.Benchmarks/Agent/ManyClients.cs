using BenchmarkDotNet.Attributes;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>Requests of several clients at once, each a thread with connections of its own.</summary>
public class ManyClients
{
    /// <summary>Requests of all clients together.</summary>
    public const int Requests = 2048;

    private ClientThreads _threads = null!;
    private EchoClient[] _echoes = [];
    private AgentDevice[] _devices = [];
    private SafeFileHandle[][] _files = [];
    private Session[] _sessions = [];

    [Params(1, 4, 16)]
    public int Clients { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _threads = new ClientThreads(Clients);
        _echoes = [.. Enumerable.Range(0, Clients).Select(static _ => new EchoClient(AgentWork.Current.EchoPath))];
        _devices = [.. Enumerable.Range(0, Clients).Select(static _ => AgentWork.Current.Connect())];
        _files = [.. Enumerable.Range(0, Clients).Select(_ => Memfd.CreateMany(Requests / Clients))];
        WarmUp.Once($"{nameof(ManyClients)} {Clients}", () =>
        {
            RoundTrip();
            Open();
            GetName();
            Preserve();
            Close();
        });
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _threads.Dispose();
        Memfd.CloseAll(_files.SelectMany(static files => files));
        foreach (IDisposable client in _echoes.Concat<IDisposable>(_devices))
            client.Dispose();
    }

    [IterationSetup(Targets = [nameof(GetName), nameof(Preserve)])]
    public void Open() => _sessions = [.. _devices.Select(static (device, number) => device.CreateSession($"client-{number}"))];

    [IterationCleanup(Targets = [nameof(GetName), nameof(Preserve)])]
    public void Close() => Array.ForEach(_sessions, static session => session.Close());

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests, Description = "Round trip, brings a descriptor")]
    public void RoundTrip() => _threads.Do(number => Array.ForEach(_files[number], _echoes[number].Bring));

    [Benchmark(OperationsPerInvoke = Requests, Description = "Agent, get name")]
    public void GetName() => _threads.Do(number =>
    {
        for (int i = 0; i < _files[number].Length; i++)
            _sessions[number].CheckUsable("get name");
    });

    [Benchmark(OperationsPerInvoke = Requests, Description = "Agent, preserve")]
    public void Preserve() => _threads.Do(number =>
    {
        SafeFileHandle[] files = _files[number];
        for (int token = 0; token < files.Length; token++)
            _sessions[number].Preserve((ulong)token, files[token]);
    });
}
