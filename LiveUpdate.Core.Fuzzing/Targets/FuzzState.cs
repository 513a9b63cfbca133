using MessagePack;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A state with all that states have: texts, bytes, lists, maps and a tree. Public, because MessagePack makes its formatter at run time.</summary>
[MessagePackObject]
public sealed class FuzzState
{
    /// <summary>A text.</summary>
    [Key(0)]
    public string? Name { get; set; }

    /// <summary>Bytes in a list.</summary>
    [Key(1)]
    public IList<byte[]>? Pages { get; init; }

    /// <summary>A map.</summary>
    [Key(2)]
    public IDictionary<string, long>? Counters { get; init; }

    /// <summary>A moment.</summary>
    [Key(3)]
    public DateTime Moment { get; set; }

    /// <summary>What it is part of itself.</summary>
    [Key(4)]
    public FuzzState? Child { get; set; }

    /// <summary>One for each number.</summary>
    internal static FuzzState Create(int number) => new()
    {
        Name = $"state {number}",
        Pages = [new byte[number % 40], [1, 2, 3]],
        Counters = new Dictionary<string, long> { ["a"] = number, ["b"] = long.MinValue },
        Moment = DateTime.UnixEpoch.AddDays(number % 10_000),
        Child = number > 0 ? Create(number / 4) : null,
    };
}
