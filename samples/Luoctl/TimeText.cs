using System.Globalization;

namespace LiveUpdate.Samples.Luoctl;

/// <summary>Reads a time as people write it: a number with ms, s, m or h behind it, or seconds.</summary>
internal static class TimeText
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <returns>False if it is none, or out of what an update can be given.</returns>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        string number = text.TrimEnd('m', 's', 'h');
        string unit = text[number.Length..];
        double seconds = unit switch { "ms" => 0.001, "s" or "" => 1, "m" => 60, "h" => 3600, _ => 0 };
        if (seconds == 0 || !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
            return false;
        double total = value * seconds;
        if (total > s_longest.TotalSeconds)
            return false;
        time = TimeSpan.FromSeconds(total);
        return time >= s_shortest;
    }
}
