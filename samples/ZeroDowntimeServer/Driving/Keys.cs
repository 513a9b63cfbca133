namespace ZeroDowntimeServer.Driving;

/// <summary>Keys of the server's cache that one client alone uses, and what it put there.</summary>
internal sealed class Keys(int owner)
{
    private const int Count = 64;

    private readonly ulong[] _values = new ulong[Count];

    /// <summary>Chooses a key and a value to put there.</summary>
    /// <returns>Both, and what the server must answer: the value that it has kept until then.</returns>
    public (ulong Key, ulong Value, ulong Previous) Choose(Random random)
    {
        int index = random.Next(Count);
        ulong previous = _values[index];
        ulong value = (ulong)random.NextInt64(1, long.MaxValue);
        _values[index] = value;
        return ((ulong)((owner * Count) + index + 1), value, previous);
    }
}
