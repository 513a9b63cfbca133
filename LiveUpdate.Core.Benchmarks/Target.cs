using BenchmarkDotNet.Reports;

namespace LiveUpdate.Benchmarks;

/// <summary>A figure of the summary: a benchmark divided by another of the same class and parameters.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Type">The class of benchmarks.</param>
/// <param name="Method">The measured method.</param>
/// <param name="Peer">The method it is divided by.</param>
/// <param name="Limit">The highest ratio that reaches the target; null for a comparison without one.</param>
internal sealed record Target(string Name, Type Type, string Method, string Peer, double? Limit = null)
{
    /// <summary>Every target whose two methods were measured, once for each set of parameters.</summary>
    public IEnumerable<TargetResult> Evaluate(IReadOnlyCollection<BenchmarkReport> reports)
    {
        foreach (BenchmarkReport measured in Find(reports, Method))
        {
            string parameters = measured.BenchmarkCase.Parameters.DisplayInfo;
            BenchmarkReport? peer = Find(reports, Peer).FirstOrDefault(report => report.BenchmarkCase.Parameters.DisplayInfo == parameters);
            if (peer is null)
                continue;
            double ratio = Median(measured) / Median(peer);
            string suffix = string.Join(", ", measured.BenchmarkCase.Parameters.Items.Select(static item => $"{item.Value:N0}"));
            string text = $"{Median(measured):N1} / {Median(peer):N1} ns = {ratio:N2}";
            yield return new TargetResult(
                suffix.Length == 0 ? Name : $"{Name}: {suffix}",
                Limit is { } limit ? $"≤ {limit:N2}" : "",
                text,
                Limit is null ? null : ratio <= Limit);
        }
    }

    private static double Median(BenchmarkReport report) => report.ResultStatistics!.Median / PerFileColumn.FilesOf(report.BenchmarkCase);

    private IEnumerable<BenchmarkReport> Find(IReadOnlyCollection<BenchmarkReport> reports, string method) => reports.Where(report =>
        report.ResultStatistics is not null &&
        report.BenchmarkCase.Descriptor.Type == Type &&
        report.BenchmarkCase.Descriptor.WorkloadMethod.Name == method);
}
