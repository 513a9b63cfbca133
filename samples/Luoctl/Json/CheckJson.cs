namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>What <c>check</c> says.</summary>
internal sealed record CheckJson(bool Blocked, IReadOnlyList<FindingJson> Findings)
{
    public static CheckJson Of(IReadOnlyList<PreflightFinding> findings) => new(
        findings.Any(static finding => finding.Severity == PreflightSeverity.Blocking),
        [
            .. findings.OrderByDescending(static finding => finding.Severity)
                .Select(static one => new FindingJson(one.Id, Words.Of(one.Severity), one.Message, one.Remedy)),
        ]);
}
