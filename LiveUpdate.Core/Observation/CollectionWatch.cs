namespace LiveUpdate;

/// <summary>The garbage collector's counts when a pause began; compared with those at its end.</summary>
internal readonly struct CollectionWatch
{
    private readonly int _generation0;
    private readonly int _generation1;
    private readonly int _generation2;
    private readonly TimeSpan _pause;

    private CollectionWatch(int generation0, int generation1, int generation2, TimeSpan pause) =>
        (_generation0, _generation1, _generation2, _pause) = (generation0, generation1, generation2, pause);

    /// <summary>Takes the counts; allocates nothing.</summary>
    public static CollectionWatch Start() => new(GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2), GC.GetTotalPauseDuration());

    /// <summary>What has happened since; allocates nothing.</summary>
    public LiveUpdateCollections Stop(bool wasHeldOff) => new(
        GC.CollectionCount(0) - _generation0,
        GC.CollectionCount(1) - _generation1,
        GC.CollectionCount(2) - _generation2,
        GC.GetTotalPauseDuration() - _pause,
        wasHeldOff);
}
