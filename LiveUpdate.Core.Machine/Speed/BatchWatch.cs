using System.Diagnostics;

namespace LiveUpdate.Machine.Speed;

/// <summary>Takes the time of each batch of requests.</summary>
internal sealed class BatchWatch(int count, int batch)
{
    private long _start;

    /// <summary>Nanoseconds of each batch.</summary>
    public long[] Batches { get; } = new long[count / batch];

    public void Start() => _start = Stopwatch.GetTimestamp();

    /// <summary>Notes that a request was answered.</summary>
    public void Done(int index)
    {
        if (index % batch != batch - 1)
            return;
        Batches[index / batch] = (long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds;
        Start();
    }
}
