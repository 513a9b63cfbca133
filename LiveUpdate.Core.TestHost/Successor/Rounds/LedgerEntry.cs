namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>One line of the ledger.</summary>
/// <param name="Process">Who entered it.</param>
/// <param name="Event">What happened.</param>
/// <param name="Round">In which round.</param>
/// <param name="Text">More about it.</param>
internal sealed record LedgerEntry(int Process, LedgerEvent Event, int Round, string Text)
{
    /// <summary>Reads a line that <see cref="ToString"/> made.</summary>
    public static LedgerEntry Parse(string line)
    {
        string[] parts = line.Split(' ', 4);
        return new LedgerEntry(int.Parse(parts[0]), Enum.Parse<LedgerEvent>(parts[1]), int.Parse(parts[2]), parts[3]);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Process} {Event} {Round} {Text.ReplaceLineEndings(" ")}";
}
