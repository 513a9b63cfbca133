namespace LiveUpdate.Benchmarks;

/// <summary>
/// The managed heap that a preserved file takes, the user's object and preserved memory not counted, beside objects in the base library's
/// collections.
/// </summary>
internal static class HeapPerFile
{
    private const double Limit = 128;

    public static TargetResult Measure()
    {
        using var workload = new Workload(Workload.MostFiles, isShuffled: true);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(workload.CreateOptions(workload.Memory(0)));
        Session[] sessions = Workload.CreateSessions(luo.OpenDevice());
        double library = Grown(
            () =>
            {
                workload.Preserve(sessions);
                return sessions;
            });
        double collections = Grown(() => Collect(workload));
        return new TargetResult(
            "managed heap a preserved file",
            $"≤ {Limit:N0} B",
            $"{library:N1} B (objects in the base library's collections: {collections:N1} B)",
            library <= Limit);
    }

    private static double Grown(Func<object> fill)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        object held = fill();
        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(held);
        return (after - before) / (double)Workload.MostFiles;
    }

    /// <summary>What a plain file set would keep: an object a file, in order, by token, and the set of all that is preserved.</summary>
    private static object[] Collect(Workload workload)
    {
        List<PeerFile>[] ordered = [[], []];
        Dictionary<ulong, PeerFile>[] byToken = [[], []];
        var all = new HashSet<object>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < workload.Count; i++)
        {
            var file = new PeerFile(workload.Tokens[i], data: 1, workload.Handler) { File = workload.Objects[i] };
            ordered[i & 1].Add(file);
            byToken[i & 1].Add(file.Token, file);
            all.Add(file.File);
        }

        return [ordered, byToken, all];
    }
}
