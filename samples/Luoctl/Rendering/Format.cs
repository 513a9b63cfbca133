using System.Globalization;

namespace LiveUpdate.Samples.Rendering;

/// <summary>Quantities for people, the same in every culture.</summary>
internal static class Format
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A size: exact up to a kibibyte, with one digit behind the point above.</summary>
    public static string Bytes(long bytes)
    {
        int unit = 0;
        double size = bytes;
        while (size >= 1024 && unit < s_units.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? size.ToString("F0", CultureInfo.InvariantCulture) : size.ToString("F1", CultureInfo.InvariantCulture))} {s_units[unit]}");
    }

    /// <summary>A time, with three digits at most and the unit that fits; from two minutes on in hours, minutes and seconds.</summary>
    public static string Time(TimeSpan time)
    {
        FormattableString text = time.TotalSeconds switch
        {
            >= 86400 => $"{(long)time.TotalDays} d {time.Hours} h",
            >= 3600 => $"{time.Hours} h {time.Minutes} min",
            >= 120 => $"{time.Minutes} min {time.Seconds} s",
            >= 100 => $"{time.TotalSeconds:F0} s",
            >= 10 => $"{time.TotalSeconds:F1} s",
            >= 1 => $"{time.TotalSeconds:F2} s",
            >= 0.1 => $"{time.TotalMilliseconds:F0} ms",
            >= 0.01 => $"{time.TotalMilliseconds:F1} ms",
            >= 0.001 => $"{time.TotalMilliseconds:F2} ms",
            _ => $"{time.TotalMicroseconds:F0} µs",
        };
        return text.ToString(CultureInfo.InvariantCulture);
    }
}
