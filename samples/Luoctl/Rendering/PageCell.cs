using System.Globalization;

namespace LiveUpdate.Samples.Rendering;

/// <summary>A cell of a table.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Tone">How.</param>
/// <param name="IsNumber">Whether it stands on the right.</param>
internal readonly record struct PageCell(string Text, Tone Tone = Tone.Normal, bool IsNumber = false)
{
    public static implicit operator PageCell(string text) => new(text);

    /// <summary>A number.</summary>
    public static PageCell Of(long number) => new(number.ToString("N0", CultureInfo.InvariantCulture), IsNumber: true);

    /// <summary>A quantity with its unit.</summary>
    public static PageCell Quantity(string text) => new(text, IsNumber: true);
}
