namespace LiveUpdate.Samples.KernelCheck;

/// <summary>The findings as text, the worst first.</summary>
internal static class CheckText
{
    public static void Write(TextWriter output, KernelAbi? running, bool blocked, IReadOnlyList<PreflightFinding> findings)
    {
        output.WriteLine($"the running kernel hands over as {running?.ToString() ?? "nobody knows what"}");
        foreach (PreflightFinding finding in findings.OrderByDescending(static finding => finding.Severity))
        {
            output.WriteLine();
            output.WriteLine($"{finding.Severity.ToString().ToUpperInvariant()} {finding.Id}");
            output.WriteLine($"  {finding.Message}");
            if (finding.Remedy is { } remedy)
                output.WriteLine($"  {remedy}");
        }

        output.WriteLine();
        output.WriteLine(blocked ? "The update would be refused." : "Nothing stands in the way of the update that is known of.");
    }
}
