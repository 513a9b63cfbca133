using System.Globalization;
using System.Text;
using CommunityToolkit.HighPerformance.Buffers;

namespace LiveUpdate.Serialization;

/// <summary>Reads and writes texts in fields of a fixed size (reference ).</summary>
/// <remarks>
/// The fields hold bytes, by convention UTF-8. Nothing here allocates but the methods that return a string. Safe for threads as
/// far as the spans are not shared.
/// </remarks>
public static class FixedString
{
    /// <summary>Writes a text and its NUL; a text that does not fit is cut to the field's length less one, silently.</summary>
    /// <param name="field">The field. Bytes after the NUL keep their value, so a field that began zeroed stays clean.</param>
    /// <param name="text">The text; it ends at its first NUL, if it has one. The cut may fall inside a character.</param>
    /// <returns>The bytes written before the NUL.</returns>
    /// <exception cref="ArgumentException"><paramref name="field"/> is empty: not even the NUL fits.</exception>
    public static int Write(Span<byte> field, ReadOnlySpan<byte> text)
    {
        Require.AtLeast(field.Length, 1, nameof(field));
        text = Read(text);
        if (text.Length >= field.Length)
            text = text[..(field.Length - 1)];

        text.CopyTo(field);
        field[text.Length] = 0;
        return text.Length;
    }

    /// <summary>The text of a field: the bytes before the first NUL, or all of them if there is none.</summary>
    /// <param name="field">The field.</param>
    /// <returns>A part of <paramref name="field"/>.</returns>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>The name in a field: the bytes before the first NUL, or without one all bytes but the last (reference A-32).</summary>
    /// <param name="field">The field.</param>
    /// <returns>A part of <paramref name="field"/>.</returns>
    public static ReadOnlySpan<byte> ReadName(ReadOnlySpan<byte> field) => field.IsEmpty ? field : Read(field[..^1]);

    /// <summary>Whether a field holds a NUL.</summary>
    /// <param name="field">The field.</param>
    public static bool IsTerminated(ReadOnlySpan<byte> field) => field.Contains((byte)0);

    /// <summary>Whether a field holds exactly this text; a field without NUL holds none (reference A-34).</summary>
    /// <param name="field">The field. Bytes after its first NUL are not looked at.</param>
    /// <param name="text">The text, without NUL.</param>
    public static bool Matches(ReadOnlySpan<byte> field, ReadOnlySpan<byte> text) =>
        text.Length < field.Length && field[text.Length] == 0 && field[..text.Length].SequenceEqual(text) && !IsTerminated(text);

    /// <summary>A new string from a text; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="text">The text, as the readers give it.</param>
    /// <remarks>Two texts that differ may decode to one string, so identity is decided on the bytes.</remarks>
    public static string Decode(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    /// <summary>As <see cref="Decode"/>, from a bounded pool of strings: for the few compatible strings that many records repeat.</summary>
    /// <param name="text">The text, as the readers give it.</param>
    public static string Intern(ReadOnlySpan<byte> text) => StringPool.Shared.GetOrAdd(text, Encoding.UTF8);

    /// <summary>A field for a message: quoted, bytes that do not print as hexadecimal escapes.</summary>
    internal static string Quote(ReadOnlySpan<byte> field)
    {
        var text = new StringBuilder(field.Length + 2).Append('"');
        foreach (byte value in Read(field))
        {
            if (value is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\')
                text.Append((char)value);
            else
                text.Append("\\x").Append(value.ToString("x2", CultureInfo.InvariantCulture));
        }

        return text.Append(IsTerminated(field) ? "\"" : "\" without NUL").ToString();
    }
}
