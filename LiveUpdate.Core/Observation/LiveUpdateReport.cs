namespace LiveUpdate;

/// <summary>What one update moved and how long each phase took.</summary>
public sealed record LiveUpdateReport
{
    /// <summary>The number of the update: 1 for the first (reference A-12).</summary>
    public required ulong Number { get; init; }

    /// <summary>The way into the next generation: <c>in-process</c>, <c>exec</c>, or <c>unknown</c> if another program wrote the image.</summary>
    public required string Target { get; init; }

    /// <summary>Sessions handed over.</summary>
    public required long Sessions { get; init; }

    /// <summary>Files handed over.</summary>
    public required long Files { get; init; }

    /// <summary>Descriptors handed over beside preserved memory.</summary>
    public required long Descriptors { get; init; }

    /// <summary>Bytes of preserved memory handed over; what lies behind descriptors is not counted.</summary>
    public required long Bytes { get; init; }

    /// <summary>The phases in order.</summary>
    public required IReadOnlyList<LiveUpdatePhase> Phases { get; init; }

    /// <summary>From the first freeze to the end of the last phase: how long nobody could use a session.</summary>
    public TimeSpan Pause
    {
        get
        {
            TimeSpan start = TimeSpan.MaxValue;
            TimeSpan end = TimeSpan.Zero;
            foreach (LiveUpdatePhase phase in Phases)
            {
                if (phase.Name == "freeze")
                    start = phase.Start;
                end = phase.Start + phase.Duration;
            }

            return start > end ? TimeSpan.Zero : end - start;
        }
    }
}
