using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Is ready at once, claims nothing, and keeps what it was told.</summary>
internal sealed class ToldSubscriber : AgentSubscriber
{
    private readonly Lock _lock = new();
    private readonly List<(ulong Update, bool IsDone)> _told = [];
    private int _prepared;

    /// <summary>How often it was told to prepare.</summary>
    public int Prepared => Volatile.Read(ref _prepared);

    /// <summary>How many updates were called off.</summary>
    public int CalledOff => Told.Count(static told => !told.IsDone);

    /// <summary>How many updates were done.</summary>
    public int Claimed => Told.Count(static told => told.IsDone);

    /// <summary>What became of updates, in the order in which it was told.</summary>
    public IReadOnlyList<(ulong Update, bool IsDone)> Told
    {
        get
        {
            lock (_lock)
                return [.. _told];
        }
    }

    public override ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _prepared);
        return default;
    }

    public override ValueTask CalledOffAsync(ulong update, LiveUpdateException reason, CancellationToken cancellationToken) => Add(update, isDone: false);

    public override ValueTask ClaimAsync(AgentClaim claim, CancellationToken cancellationToken) => Add(claim.Update, isDone: true);

    private ValueTask Add(ulong update, bool isDone)
    {
        lock (_lock)
            _told.Add((update, isDone));
        return default;
    }
}
