namespace LiveUpdate;

/// <summary>What a generation change within the process returns.</summary>
/// <param name="Next">The next generation; owned by the caller.</param>
/// <param name="Report">What was moved and how long it took.</param>
public readonly record struct InProcessHandover(LiveUpdateOrchestrator Next, LiveUpdateReport Report);
