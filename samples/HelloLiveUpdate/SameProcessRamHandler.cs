using System.Collections.Concurrent;
using LiveUpdate;
using LiveUpdate.Kho;

namespace HelloLiveUpdate;

/// <summary>
/// Gives guest RAM to the next generation in this process, for systems without memfds: any object can be a file, if its handler knows how
/// to find it again.
/// </summary>
internal sealed class SameProcessRamHandler() : FileHandler<KhoMemory>("same-process-ram-v1")
{
    private static readonly ConcurrentDictionary<ulong, KhoMemory> s_preserved = [];
    private static ulong s_last;

    protected override void Preserve(ref PreserveContext<KhoMemory> context)
    {
        ulong key = Interlocked.Increment(ref s_last);
        s_preserved[key] = context.File;
        context.Data = new DataHandle(key);
    }

    protected override void Unpreserve(in FileContext<KhoMemory> context) => s_preserved.TryRemove(context.Data.Value, out _);

    protected override void Verify(in VerifyContext context)
    {
        if (!s_preserved.ContainsKey(context.Data.Value))
            throw new LiveUpdateException(LiveUpdateError.NotFound, "The memory is not of this process.");
    }

    protected override KhoMemory Retrieve(ref RetrieveContext context) =>
        s_preserved.TryRemove(context.Data.Value, out KhoMemory? memory)
            ? memory
            : throw new LiveUpdateException(LiveUpdateError.NotFound, "The memory is not of this process.");

    protected override void Finish(in FinishContext<KhoMemory> context)
    {
        if (context.File is null && s_preserved.TryRemove(context.Data.Value, out KhoMemory? dropped))
            dropped.Dispose();
    }
}
