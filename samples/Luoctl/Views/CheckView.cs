using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>Shows what stands in the way of an update, the worst first.</summary>
internal static class CheckView
{
    public static Page Of(IReadOnlyList<PreflightFinding> findings)
    {
        var page = new Page();
        foreach (PreflightFinding finding in findings.OrderByDescending(static finding => finding.Severity))
        {
            page.Text($"{Words.Of(finding.Severity)}: {finding.Id}", Tones.Of(finding.Severity)).Text($"  {finding.Message}");
            if (finding.Remedy is { } remedy)
                page.Text($"  {remedy}", Tone.Faint);
        }

        return findings.Any(static finding => finding.Severity == PreflightSeverity.Blocking)
            ? page.Text("An update would be refused.", Tone.Bad)
            : page.Text("Nothing that is known of blocks an update.", Tone.Good);
    }
}
