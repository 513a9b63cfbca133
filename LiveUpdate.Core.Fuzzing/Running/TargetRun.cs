namespace LiveUpdate.Fuzzing.Running;

/// <summary>Runs inputs of one target, and counts what came of them.</summary>
internal sealed class TargetRun(FuzzTarget target, RunningInput place)
{
    private readonly Dictionary<string, long> _outcomes = [];

    /// <summary>How many inputs were run.</summary>
    public long Inputs { get; private set; }

    /// <summary>How often each outcome came.</summary>
    public IReadOnlyDictionary<string, long> Outcomes => _outcomes;

    /// <summary>Runs an input.</summary>
    /// <param name="input">The input; what is too long is cut.</param>
    /// <param name="atStart">Which edge it is to lie at.</param>
    /// <param name="mended">Whether its checksums are made right first.</param>
    /// <returns>The outcome.</returns>
    /// <exception cref="Finding">It allocated without bounds, or left something behind that it must not.</exception>
    public string Run(ReadOnlySpan<byte> input, bool atStart, bool mended = false)
    {
        if (input.Length > target.MaxLength)
            input = input[..target.MaxLength];
        Memory<byte> placed = place.Place(input, target.MinLength, atStart);
        if (mended)
            target.Mend(placed.Span);
        Inputs++;
        long before = GC.GetAllocatedBytesForCurrentThread();
        string outcome = target.Run(placed);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > target.MostAllocated)
            throw new Finding($"{allocated} bytes were allocated, and {target.MostAllocated} are allowed.");
        _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
        return outcome;
    }
}
