using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.SystematicTesting;

namespace LiveUpdate.Interleavings.Control;

/// <summary>Runs one scenario under many schedules.</summary>
internal static class Exploration
{
    // Ten times what the longest scenario takes: who comes here goes round in circles.
    private const uint MaxSteps = 20_000;

    /// <summary>Explores; stops at the first schedule that finds something.</summary>
    /// <returns>How many schedules there were, and what was found.</returns>
    public static (int Schedules, string? Finding) Run(Scenario scenario, int schedules, uint seed)
    {
        // Half of them at random, half with priorities that change at a few points: the one finds what is near, the other what is far.
        (int random, string? finding) = Run(scenario, schedules - (schedules / 2), seed, static configuration => configuration.WithRandomStrategy());
        if (finding is not null || schedules < 2)
            return (random, finding);
        (int prioritized, finding) = Run(scenario, schedules / 2, seed, static configuration => configuration.WithPrioritizationStrategy(isFair: true));
        return (random + prioritized, finding);
    }

    private static (int Schedules, string? Finding) Run(Scenario scenario, int schedules, uint seed, Func<Configuration, Configuration> strategy)
    {
        Configuration configuration = strategy(Configuration.Create())
            .WithTestingIterations((uint)schedules)
            .WithRandomGeneratorSeed(seed)
            .WithMaxSchedulingSteps(MaxSteps)
            .WithFailureOnMaxStepsBoundEnabled()
            .WithAtomicOperationRaceCheckingEnabled()
            .WithVolatileOperationRaceCheckingEnabled()
            .WithLockAccessRaceCheckingEnabled()
            .WithMemoryAccessRaceCheckingEnabled(scenario.InterleavesFields)
            .WithVerbosityEnabled(VerbosityLevel.None)
            .WithTelemetryEnabled(false);
        using TestingEngine engine = TestingEngine.Create(configuration, scenario.Run);
        engine.SetLogger(new TextWriterLogger(TextWriter.Null, VerbosityLevel.None));
        engine.Run();
        TestReport report = engine.TestReport;
        int explored = report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths;
        if (report.InternalErrors.Count > 0)
            throw new InvalidOperationException(string.Join('\n', report.InternalErrors));
        return report.NumOfFoundBugs == 0
            ? (explored, null)
            : (explored, $"{scenario.Name}, seed {seed}, schedule {explored}: {report.BugReports.First()}\n{engine.ReproducibleTrace}");
    }
}
