using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>
/// A short job: an invocation is hundreds of requests, and what it consumes is made anew before each. The clients are threads of this
/// process, the other side is one of its own.
/// </summary>
internal sealed class AgentConfig : ManualConfig
{
    public AgentConfig()
    {
        AddJob(Job.Default
            .WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(20), logOutput: true))
            .WithStrategy(RunStrategy.Monitoring)
            .WithInvocationCount(1)
            .WithUnrollFactor(1)
            .WithWarmupCount(3)
            .WithIterationCount(15));
        AddDiagnoser(MemoryDiagnoser.Default);
        AddColumnProvider(DefaultColumnProviders.Instance);
        AddColumn(new PerSecondColumn());
        HideColumns(StatisticColumn.Error, StatisticColumn.StdDev, BaselineRatioColumn.RatioStdDev);
        HideColumns(Column.AllocRatio, Column.Gen0, Column.Gen1, Column.Gen2);
        AddExporter(MarkdownExporter.GitHub);
        AddLogger(ConsoleLogger.Default);
        WithArtifactsPath(Path.Combine("artifacts", "benchmarks"));
    }
}
