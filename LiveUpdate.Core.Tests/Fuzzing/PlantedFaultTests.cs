using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Fuzzing;

/// <summary>What the mutated inputs would meet is reported: a reader with a fault planted on purpose shows it.</summary>
[Platform(Include = "Linux", Reason = "Guard pages are mapped as Linux does it.")]
[Parallelizable(ParallelScope.All)]
public sealed class PlantedFaultTests
{
    [TestCase("planted-overrun", "crash: exit code 134")]
    [TestCase("planted-underrun", "crash: exit code 134")]
    [TestCase("planted-hang", "hang: more than 2 s")]
    [TestCase("planted-allocation", "bytes were allocated, and 1048576 are allowed")]
    public void A_planted_fault_is_found(string target, string what)
    {
        ProgramRun run = FuzzingProgram.Run("mutate", target, "root-record", "--count", "200", "--seed", "1", "--patience", "2");
        Assert.That(run.Lines, Has.Some.StartsWith($"FINDING {target}, seed 1: ").And.Some.Contains(what));
        Assert.That(run.Lines, Has.Some.StartsWith("root-record: "), "the targets behind it go on");
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }

    [Test]
    public void What_was_found_is_found_again()
    {
        ProgramRun run = FuzzingProgram.Run("mutate", "planted-overrun", "--count", "200", "--seed", "1");
        string[] reproduce = run.Lines.First(static line => line.StartsWith("FINDING", StringComparison.Ordinal)).Split('(', ')')[^2].Split(' ');
        Assert.That(FuzzingProgram.Run(reproduce).ExitCode, Is.EqualTo(134));
    }
}
