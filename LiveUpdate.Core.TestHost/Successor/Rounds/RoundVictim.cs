namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>Which process dies in a round.</summary>
internal enum RoundVictim
{
    /// <summary>None.</summary>
    None,

    /// <summary>The one that hands over.</summary>
    Old,

    /// <summary>The one that is to take over.</summary>
    New,
}
