using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;

namespace LiveUpdate.Benchmarks;

/// <summary>Retrieving a file beside looking a token up in a dictionary.</summary>
public class RetrieveFiles
{
    private readonly Lock _lock = new();
    private Workload _workload = null!;
    private Dictionary<ulong, FileObject>[] _dictionaries = null!;
    private Lives? _lives;

    [Params(1_000, 10_000, 100_000, 1_000_000)]
    public int Files { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _workload = new Workload(Files, isShuffled: true);
        _dictionaries = new Dictionary<ulong, FileObject>[_workload.Rounds];
        for (int round = 0; round < _dictionaries.Length; round++)
        {
            _dictionaries[round] = [];
            for (int i = 0; i < Files; i++)
                _dictionaries[round].Add(_workload.Tokens[i], _workload.Objects[i]);
        }

        WarmUp.Once(nameof(RetrieveFiles), () =>
        {
            Lookup();
            LookupOneAtATime();
            LookupUnderLock();
            HandOverAndRetrieve();
            RetrieveAgain();
            End();
        });
    }

    [GlobalCleanup]
    public void Cleanup() => _workload.Dispose();

    [IterationSetup(Target = nameof(Retrieve))]
    public void HandOver() => _lives = Lives.HandOver(_workload);

    [IterationSetup(Target = nameof(RetrieveAgain))]
    public void HandOverAndRetrieve()
    {
        HandOver();
        Retrieve();
    }

    [IterationCleanup(Targets = [nameof(Retrieve), nameof(RetrieveAgain)])]
    public void End() => _lives!.Dispose();

    [Benchmark(Baseline = true, Description = "Dictionary lookup")]
    public FileObject? Lookup()
    {
        FileObject? found = null;
        foreach (Dictionary<ulong, FileObject> byToken in _dictionaries)
        {
            foreach (ulong token in _workload.AskedTokens)
                found = byToken[token];
        }

        return found;
    }

    /// <summary>
    /// One lookup at a time: the next token waits for the object that was found, as where a program looks at what it got. The plain loop
    /// has several lookups under way at once.
    /// </summary>
    [Benchmark(Description = "Dictionary lookup, one at a time")]
    public FileObject? LookupOneAtATime()
    {
        FileObject? found = null;
        ulong zero = 0;
        foreach (Dictionary<ulong, FileObject> byToken in _dictionaries)
        {
            foreach (ulong token in _workload.AskedTokens)
            {
                found = byToken[token + zero];

                // The highest bit of a reference is never set; the object itself is not looked at.
                zero = (ulong)Unsafe.As<FileObject, nint>(ref found) >> 63;
            }
        }

        return found;
    }

    [Benchmark(Description = "Dictionary lookup under a lock")]
    public FileObject? LookupUnderLock()
    {
        FileObject? found = null;
        foreach (Dictionary<ulong, FileObject> byToken in _dictionaries)
        {
            foreach (ulong token in _workload.AskedTokens)
            {
                lock (_lock)
                    found = byToken[token];
            }
        }

        return found;
    }

    [Benchmark]
    public void Retrieve()
    {
        foreach (Session[] sessions in _lives!.Sessions)
        {
            _workload.Handler.Rewind();
            _workload.Retrieve(sessions);
        }
    }

    [Benchmark(Description = "Retrieve again")]
    public void RetrieveAgain()
    {
        foreach (Session[] sessions in _lives!.Sessions)
            _workload.Retrieve(sessions);
    }
}
