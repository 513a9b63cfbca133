using LiveUpdate.Kho;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// <c>flip-rounds COUNT SEED</c>: a predecessor that changes bytes of the memory file while its successor boots and verifies. Each
/// successor takes over or ends with a documented exception.
/// </summary>
internal static class FlipRounds
{
    public static void Run(string[] args)
    {
        (int count, int seed) = (int.Parse(args[1]), int.Parse(args[2]));
        using var generation = new FrozenGeneration();
        Dictionary<string, int> outcomes = [];
        for (int round = 0; round < count; round++)
        {
            string outcome = Play(generation, unchecked(seed + round));
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        Scenario.Say($"seed {seed}: {string.Join(", ", outcomes.OrderBy(static pair => pair.Key).Select(static pair => $"{pair.Key} {pair.Value}"))}");
    }

    private static string Play(FrozenGeneration generation, int seed)
    {
        using KhoMemory memory = generation.Copy();
        using var side = new PredecessorSide("successor", "-", "-");
        SuccessorMessage answer;
        using (new ByteFlipper(memory, seed))
        {
            side.SendAll(generation, memory.SharedFile!);
            answer = side.Receive();
        }

        if (answer == SuccessorMessage.Verified)
        {
            side.Send(SuccessorMessage.Commit);
            answer = side.Receive();
        }

        // What was read while it changed may be found wrong later too; 0 and 1 are the exit codes of this program, 134 is that of a crash.
        return $"{answer} and {side.AwaitEnd()}";
    }
}
