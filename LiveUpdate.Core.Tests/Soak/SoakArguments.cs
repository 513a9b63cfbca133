using System.Diagnostics;
using System.Globalization;

namespace LiveUpdate.Tests.Soak;

/// <summary>How long a long form runs, and from which seed: <c>--seconds N</c>, <c>--count N</c>, <c>--seed N</c>.</summary>
/// <param name="Duration">Nothing new is begun after this time.</param>
/// <param name="Count">Nothing new is begun after so many.</param>
/// <param name="Seed">Two runs of one seed and count do the same; chosen at random where none is given.</param>
internal sealed record SoakArguments(TimeSpan Duration, long Count, int Seed)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Reads the arguments behind the name of the form.</summary>
    /// <exception cref="FormatException">An argument is unknown, or no number follows it.</exception>
    public static SoakArguments Parse(ReadOnlySpan<string> args)
    {
        var parsed = new SoakArguments(TimeSpan.MaxValue, long.MaxValue, Random.Shared.Next());
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out int number) || number < 0)
                throw new FormatException($"\"{args[i]}\" is followed by a number that is not negative.");
            parsed = args[i] switch
            {
                "--seconds" => parsed with { Duration = TimeSpan.FromSeconds(number) },
                "--count" => parsed with { Count = number },
                "--seed" => parsed with { Seed = number },
                _ => throw new FormatException($"\"{args[i]}\" is none of --seconds, --count, --seed."),
            };
        }

        return parsed;
    }

    /// <summary>Whether to go on after so many.</summary>
    public bool GoesOn(long done) => done < Count && Stopwatch.GetElapsedTime(_start) < Duration;
}
