using System.Globalization;

namespace LiveUpdate.Tests.Soak;

/// <summary>What a long form did and found.</summary>
/// <param name="Figures">What was counted, in the order in which it is printed.</param>
/// <param name="Findings">What is wrong, with the seed that shows it again; empty if nothing is.</param>
internal sealed record SoakResult(IReadOnlyList<(string Name, long Count)> Figures, IReadOnlyList<string> Findings)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join(
        ", ", Figures.Append(("findings", Findings.Count)).Select(static figure => $"{figure.Item1} {figure.Item2.ToString(CultureInfo.InvariantCulture)}"));
}
