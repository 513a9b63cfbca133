using System.Globalization;
using System.Text;

namespace LiveUpdate.Samples.Rendering;

/// <summary>Makes text that other programs have chosen harmless: a name could steer the terminal.</summary>
internal static class Printable
{
    /// <summary>The text in one line, with U+FFFD for every character that shows nothing of its own.</summary>
    public static string Of(string text)
    {
        if (text.EnumerateRunes().All(IsPrintable))
            return text;
        var printable = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            printable.Append(IsPrintable(rune) ? rune.ToString() : "\uFFFD");
        return printable.ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
