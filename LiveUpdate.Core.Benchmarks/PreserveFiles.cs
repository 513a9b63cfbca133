using BenchmarkDotNet.Attributes;

namespace LiveUpdate.Benchmarks;

/// <summary>Preserving a file beside entering its token and its object in the base library's collections.</summary>
public class PreserveFiles
{
    private readonly Lock _lock = new();
    private Workload _workload = null!;
    private Lives? _lives;

    [Params(1_000, 10_000, 100_000, 1_000_000)]
    public int Files { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _workload = new Workload(Files, isShuffled: true);
        WarmUp.Once(nameof(PreserveFiles), () =>
        {
            Collections();
            CollectionsUnderLock();
            Boot();
            Preserve();
            End();
        });
    }

    [GlobalCleanup]
    public void Cleanup() => _workload.Dispose();

    [IterationSetup(Target = nameof(Preserve))]
    public void Boot() => _lives = Lives.Boot(_workload);

    [IterationCleanup(Target = nameof(Preserve))]
    public void End() => _lives!.Dispose();

    [Benchmark(Baseline = true, Description = "Dictionary.Add and HashSet.Add")]
    public object Collections()
    {
        List<object> held = [];
        for (int round = 0; round < _workload.Rounds; round++)
        {
            var byToken = new Dictionary<ulong, FileObject>();
            var all = new HashSet<object>(ReferenceEqualityComparer.Instance);
            for (int i = 0; i < Files; i++)
            {
                byToken.Add(_workload.Tokens[i], _workload.Objects[i]);
                all.Add(_workload.Objects[i]);
            }

            held.Add((byToken, all));
        }

        return held;
    }

    [Benchmark(Description = "The same under a lock")]
    public object CollectionsUnderLock()
    {
        List<object> held = [];
        for (int round = 0; round < _workload.Rounds; round++)
        {
            var byToken = new Dictionary<ulong, FileObject>();
            var all = new HashSet<object>(ReferenceEqualityComparer.Instance);
            for (int i = 0; i < Files; i++)
            {
                lock (_lock)
                {
                    byToken.Add(_workload.Tokens[i], _workload.Objects[i]);
                    all.Add(_workload.Objects[i]);
                }
            }

            held.Add((byToken, all));
        }

        return held;
    }

    [Benchmark]
    public void Preserve()
    {
        foreach (Session[] sessions in _lives!.Sessions)
            _workload.Preserve(sessions);
    }
}
