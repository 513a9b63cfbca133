namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>
/// <c>kill-rounds COUNT SEED</c>: so many hand-overs to successors, started and adopted, and in nine of ten one of the two processes is
/// killed at a phase or up to three milliseconds later. Whoever is left goes on with the next round. Ends with 0 if at any time at most
/// one process was the owner, none was missing, and every owner found everything that the one before it had.
/// </summary>
/// <remarks>Two chains of processes play side by side.</remarks>
internal static class KillRounds
{
    private const int Chains = 2;

    public static void Run(string[] args)
    {
        (int count, int seed) = (int.Parse(args[1]), int.Parse(args[2]));
        RoundChain[] chains = [.. Enumerable.Range(0, Chains).Select(chain => new RoundChain((count + Chains - 1 - chain) / Chains, seed + chain))];
        Task.WaitAll([.. chains.Select(static chain => Task.Factory.StartNew(chain.Play, TaskCreationOptions.LongRunning))]);
        Dictionary<string, int> sums = chains.SelectMany(static chain => chain.Result.Counts)
            .GroupBy(static pair => pair.Key, static pair => pair.Value)
            .ToDictionary(static group => group.Key, static group => group.Sum());
        Scenario.Say($"seed {seed}: {string.Join(", ", sums.OrderBy(static pair => pair.Key).Select(static pair => $"{pair.Key} {pair.Value}"))}");
        foreach (string fault in chains.SelectMany(static chain => chain.Faults))
            Scenario.Say(fault);
        Environment.ExitCode = chains.All(static chain => chain.Faults.Count == 0) && sums.GetValueOrDefault("rounds") == count ? 0 : 1;
        Scenario.Say(Environment.ExitCode == 0 ? $"{count} rounds, never two owners, never one missing" : "failed");
    }
}
