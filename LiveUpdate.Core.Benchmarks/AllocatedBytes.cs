namespace LiveUpdate.Benchmarks;

/// <summary>
/// What the two paths that must allocate nothing allocate, to the byte: of the one thread that runs them. The diagnoser's column counts the
/// threads of the harness too.
/// </summary>
internal static class AllocatedBytes
{
    public static TargetResult[] Measure()
    {
        var records = new WriteRecords();
        records.Setup();
        long written = Of(() => records.Write());

        var frozen = new FrozenPath { Order = "shuffled" };
        frozen.Setup();
        frozen.CloseGate();
        long freeze = Of(() => frozen.Freeze());
        frozen.CallOff();
        frozen.Cleanup();
        return [Result("write the records: allocated", written), Result("freeze and serialize: allocated", freeze)];
    }

    private static TargetResult Result(string name, long allocated) => new(name, "0 B", $"{allocated:N0} B", allocated == 0);

    private static long Of(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
