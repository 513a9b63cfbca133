namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>What happens in a round, by its seed: which way the successor comes, and which process dies when.</summary>
/// <param name="Adopts">Whether somebody else starts the successor.</param>
/// <param name="Victim">Which process dies.</param>
/// <param name="Phase">At which phase of it.</param>
/// <param name="Microseconds">How much later; 0 for at once.</param>
internal sealed record RoundPlan(bool Adopts, RoundVictim Victim, SuccessorPhase Phase, int Microseconds)
{
    private const int MostMicroseconds = 3000;

    private static readonly SuccessorPhase[] s_phases = Enum.GetValues<SuccessorPhase>();

    /// <summary>The plan of a round: the same in both processes.</summary>
    public static RoundPlan Of(int seed, int round)
    {
        var random = new Random(HashOf(seed, round));
        bool adopts = random.Next(2) == 0;
        RoundVictim victim = random.Next(10) switch
        {
            0 => RoundVictim.None,
            < 6 => RoundVictim.Old,
            _ => RoundVictim.New,
        };
        SuccessorPhase phase = s_phases[random.Next(s_phases.Length)];

        // An adopted one that dies before its hello is nobody's successor: the wait for another would go on.
        if (adopts && victim == RoundVictim.New && phase < SuccessorPhase.Greeted)
            phase = SuccessorPhase.Greeted;
        return new RoundPlan(adopts, victim, phase, random.Next(4) == 0 ? 0 : random.Next(1, MostMicroseconds));
    }

    // Not HashCode, which differs from process to process.
    private static int HashOf(int seed, int round) => unchecked((seed * 486_187_739) + (round * 16_777_619));
}
