using LiveUpdate.Tests.Faults;

namespace LiveUpdate.Tests.Soak;

/// <summary>
/// The long form of <see cref="FaultTests"/>: every step of every kind fails once alone, then with the one and the two steps after it; after
/// that up to five steps that the seed chooses.
/// </summary>
internal static class FaultLives
{
    private const int MostInARow = 3;
    private const int MostAtRandom = 5;

    public static SoakResult Run(SoakArguments arguments)
    {
        var tally = new FaultTally();
        FaultKind[] kinds = Enum.GetValues<FaultKind>();
        int[] steps = [.. kinds.Select(FaultTally.CountSteps)];
        for (int inARow = 1; inARow <= MostInARow; inARow++)
        {
            foreach (FaultKind kind in kinds)
                tally.LiveThrough(kind, inARow, () => arguments.GoesOn(tally.Lives));
        }

        Console.WriteLine($"seed {arguments.Seed}");
        var random = new Random(arguments.Seed);
        while (arguments.GoesOn(tally.Lives))
        {
            int kind = random.Next(kinds.Length);
            FaultError error = random.Next(2) == 0 ? FaultError.Errno : FaultError.Arbitrary;
            int[] failing = [.. Enumerable.Range(0, random.Next(2, MostAtRandom + 1)).Select(_ => random.Next(steps[kind]) + 1).Order()];
            tally.Live(new FaultPlan(kinds[kind], error, failing));
        }

        return new SoakResult(
            [("callbacks", steps[0]), ("allocations", steps[1]), ("records", steps[2]), ("lives", tally.Lives), ("faults", tally.Faults), ("survived", tally.Lives - tally.Findings.Count)],
            tally.Findings);
    }
}
