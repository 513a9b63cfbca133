using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Mathematics;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace LiveUpdate.Benchmarks;

/// <summary>The time of an invocation divided by its files, in nanoseconds.</summary>
internal sealed class PerFileColumn(string name, Func<Statistics, double> figure) : IColumn
{
    public string Id => ColumnName;

    public string ColumnName => $"{name} a file";

    public string Legend => $"{name} of the measurements, in nanoseconds a file";

    public UnitType UnitType => UnitType.Dimensionless;

    public bool AlwaysShow => true;

    public bool IsNumeric => true;

    public ColumnCategory Category => ColumnCategory.Statistics;

    public int PriorityInCategory => 0;

    /// <summary>The files of an invocation: as many as the parameter says, or those of several small orchestrators.</summary>
    public static int FilesOf(BenchmarkCase benchmark) => Workload.FilesPerInvocation(
        benchmark.Parameters.Items.FirstOrDefault(static item => item.Name == "Files")?.Value as int? ?? Workload.MostFiles);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, summary.Style);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        summary[benchmarkCase]?.ResultStatistics is { } statistics
            ? (figure(statistics) / FilesOf(benchmarkCase)).ToString("N1", CultureInfo.InvariantCulture) + " ns"
            : "NA";

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
}
