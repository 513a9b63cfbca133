namespace LiveUpdate.Machine;

/// <summary>Typed state: which generation wrote it, under which token, with a text of some length.</summary>
internal sealed record Ledger(int Generation, int Token, string Text)
{
    public static Ledger Of(int generation, int token) => new(generation, token, string.Concat(Enumerable.Repeat($"{generation}.{token};", token % 7 + 1)));
}
