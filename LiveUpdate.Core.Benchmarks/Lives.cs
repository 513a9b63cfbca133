namespace LiveUpdate.Benchmarks;

/// <summary>Orchestrators of one size, made before an invocation and gone after it.</summary>
internal sealed class Lives : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>The two sessions of every orchestrator.</summary>
    public List<Session[]> Sessions { get; } = [];

    /// <summary>Orchestrators with two empty outgoing sessions.</summary>
    public static Lives Boot(Workload workload)
    {
        var lives = new Lives();
        for (int i = 0; i < workload.Rounds; i++)
            lives.Sessions.Add(Workload.CreateSessions(lives.BootOne(workload, i).OpenDevice()));
        return lives;
    }

    /// <summary>Orchestrators that the files were handed to, none of which was retrieved.</summary>
    public static Lives HandOver(Workload workload)
    {
        var lives = new Lives();
        for (int i = 0; i < workload.Rounds; i++)
        {
            LiveUpdateOrchestrator first = lives.BootOne(workload, i);
            workload.Preserve(Workload.CreateSessions(first.OpenDevice()));
            LiveUpdateOrchestrator next = first.HandOver(HandoverTarget.InProcess(workload.CreateOptions(memory: null))).Next;
            lives._owned.Add(next);
            lives.Sessions.Add(Workload.RetrieveSessions(next.OpenDevice()));
        }

        workload.Handler.Rewind();
        return lives;
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
    }

    private LiveUpdateOrchestrator BootOne(Workload workload, int round)
    {
        LiveUpdateOrchestrator first = LiveUpdateOrchestrator.Boot(workload.CreateOptions(workload.Memory(round)));
        _owned.Add(first);
        return first;
    }
}
