namespace LiveUpdate.Tests.Stress;

/// <summary>What a <see cref="StressRun"/> has counted.</summary>
internal sealed class StressFigures
{
    public long Generations { get; private set; }

    public long Operations { get; private set; }

    /// <summary>The files that were handed over.</summary>
    public long Files { get; private set; }

    public void Add(long operations, long files)
    {
        Generations++;
        Operations += operations;
        Files += files;
    }
}
