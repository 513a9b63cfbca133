using System.Globalization;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>What <c>mutate</c> is told.</summary>
/// <param name="Targets">The targets.</param>
/// <param name="Seconds">How long all of them together run; no limit if null.</param>
/// <param name="Count">How many inputs a plain record gets, others fewer by their cost; no limit if null.</param>
/// <param name="Seed">Where the random numbers begin.</param>
/// <param name="Workers">How many processes do it, each from a seed of its own.</param>
/// <param name="Patience">How many seconds one input may take.</param>
internal sealed record FuzzArguments(IReadOnlyList<string> Targets, int? Seconds, int? Count, int Seed, int Workers, int Patience)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">There is no such target or option, or no number follows it.</exception>
    public static FuzzArguments Parse(ReadOnlySpan<string> args)
    {
        var parsed = new FuzzArguments([], null, null, Random.Shared.Next(), 1, 20);
        List<string> targets = [];
        for (int i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                targets.Add(args[i]);
                continue;
            }

            string option = args[i];
            if (++i == args.Length || !int.TryParse(args[i], CultureInfo.InvariantCulture, out int number) || number < 0)
                throw new FormatException($"\"{option}\" is followed by a number that is not negative.");
            parsed = option switch
            {
                "--seconds" => parsed with { Seconds = number },
                "--count" => parsed with { Count = number },
                "--seed" => parsed with { Seed = number },
                "--workers" => parsed with { Workers = number },
                "--patience" => parsed with { Patience = number },
                _ => throw new FormatException($"\"{option}\" is none of --seconds, --count, --seed, --workers, --patience."),
            };
        }

        if (targets.Find(static name => !FuzzTargets.Exists(name)) is { } unknown)
            throw new FormatException($"There is no target \"{unknown}\"; see \"list\".");
        if (parsed is { Seconds: null, Count: null })
            throw new FormatException("It has to end: give --seconds or --count.");
        return parsed with { Targets = targets.Count > 0 ? targets : [.. FuzzTargets.Names] };
    }

    /// <summary>The command line of a worker.</summary>
    public IEnumerable<string> ToArguments()
    {
        yield return "--seed";
        yield return $"{Seed}";
        if (Seconds is { } seconds)
        {
            yield return "--seconds";
            yield return $"{seconds}";
        }

        if (Count is { } count)
        {
            yield return "--count";
            yield return $"{count}";
        }

        foreach (string target in Targets)
            yield return target;
    }
}
