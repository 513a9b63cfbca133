namespace LiveUpdate.Machine.Update;

/// <summary>Typed state: which generation wrote it, under which token, with a text of some length.</summary>
internal sealed record Ledger(int Generation, int Token, string Text)
{
    public static Ledger Of(int generation, int token, int length)
    {
        string line = $"{generation}.{token};";
        return new Ledger(generation, token, string.Concat(Enumerable.Repeat(line, (length / line.Length) + 1)));
    }
}
