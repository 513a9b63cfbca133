using BenchmarkDotNet.Attributes;
using LiveUpdate.Abi;

namespace LiveUpdate.Benchmarks;

/// <summary>The frozen part of a hand-over, a million files in two sessions, beside a copy of the bytes of their records.</summary>
public class FrozenPath
{
    private readonly FreezeProgress _progress = new();
    private HandoverRun _run = null!;
    private Workload _workload = null!;
    private LiveUpdateEngine _engine = null!;
    private byte[] _from = null!;
    private byte[] _to = null!;

    [Params("allocation", "shuffled")]
    public string Order { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _workload = new Workload(Workload.MostFiles, Order == "shuffled");
        _engine = LiveUpdateEngine.Attach(_workload.Memory(0), LiveUpdateOrchestrator.ToEngineOptions(_workload.CreateOptions(null)));
        _engine.Activate();
        _workload.Preserve(Workload.CreateSessions(_engine.OpenDevice()));
        _from = new byte[Workload.MostFiles * LuoAbi.FileSize];
        _to = new byte[_from.Length];
        new Random(1).NextBytes(_from);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _engine.Dispose();
        _workload.Dispose();
    }

    [IterationSetup(Target = nameof(Freeze))]
    public void CloseGate()
    {
        _run = new HandoverRun(LuoCoreTarget.InProcess);
        _engine.CloseGate(CancellationToken.None);
    }

    [IterationCleanup(Target = nameof(Freeze))]
    public void CallOff()
    {
        _engine.Thaw();
        _engine.Gate.Open();
    }

    [Benchmark(Baseline = true, Description = "Memory copy of the bytes")]
    public void Copy() => _from.AsSpan().CopyTo(_to);

    [Benchmark(Description = "Freeze and serialize")]
    public long Freeze()
    {
        _engine.FreezeAndSerialize(_progress, _run);
        return _run.Files;
    }
}
