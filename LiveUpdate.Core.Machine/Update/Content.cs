namespace LiveUpdate.Machine.Update;

/// <summary>How much a generation preserves.</summary>
/// <param name="Memfds">Memfds; the first is guest RAM.</param>
/// <param name="Ram">The length of the first in bytes.</param>
/// <param name="States">Typed states.</param>
/// <param name="Text">The length of the text in each, at least.</param>
internal sealed record Content(int Memfds, long Ram, int States, int Text)
{
    public static readonly Content Small = new(2, 1 << 20, 3, 10);

    public static readonly Content Large = new(500, 64 << 20, 50, 200_000);

    /// <summary>The bytes in all memfds.</summary>
    public long Bytes => Enumerable.Range(0, Memfds).Sum(LengthOf);

    public long LengthOf(int number) => number == 0 ? Ram : (number % 5 * 4096L) + (number % 3 * 100);

    /// <summary>How many sessions that makes: of so many memfds at most, and one of states.</summary>
    public int Sessions(int perSession) => ((Memfds + perSession - 1) / perSession) + 1;
}
