using System.Text.RegularExpressions;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Fuzzing;

/// <summary>
/// Every reader of foreign bytes reads or refuses what it gets, in a process of its own: one byte out of range would be its end. The long
/// forms are the same program's, and eng/fuzz.
/// </summary>
[Platform(Include = "Linux", Reason = "Guard pages are mapped as Linux does it.")]
[Parallelizable(ParallelScope.All)]
public sealed class FuzzingTests
{
    private const int Inputs = 20_000;

    private ProgramRun _run;

    [OneTimeSetUp]
    public void Mutate() => _run = FuzzingProgram.Run("mutate", "--count", $"{Inputs}", "--seed", $"{Random.Shared.Next()}");

    [Test]
    public void Mutated_inputs_of_every_target_are_read_or_refused()
    {
        TestContext.Out.WriteLine(string.Join('\n', _run.Lines));
        Assert.That(_run.ExitCode, Is.Zero);
        Assert.That(_run.Lines[^1], Does.EndWith("findings 0"));
        foreach (string name in FuzzingProgram.Run("list").Lines)
            Assert.That(_run.Lines, Has.Some.StartsWith($"{name}: "));
    }

    [TestCase("image", "lived", "boot refused", "open refused")]
    [TestCase("preserved-memory", "read", "nothing in it read", "refused")]
    [TestCase("state", "read", "formatter refused", "refused")]
    [TestCase("successor-offers", "took over", "image refused", "refused")]
    [TestCase("successor-answers", "handed over", "called off", "lost")]
    public void Damage_reaches_every_stage(string target, params string[] outcomes)
    {
        foreach (string outcome in outcomes)
            Assert.That(_run.Lines, Has.Some.Match($@"^{target}: .*[, ]{Regex.Escape(outcome)} \d"));
    }

    [Test]
    public void What_was_found_once_is_read_or_refused()
    {
        string folder = Path.Combine(Repository.Root, "LiveUpdate.Core.Tests", "Fixtures", "fuzz");
        ProgramRun run = FuzzingProgram.Run("reproduce", folder);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Lines[^1], Is.EqualTo($"reproduce: inputs {Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Count()}"));
    }

    [Test]
    public void Every_target_has_seeds_for_a_guided_fuzzer()
    {
        string folder = Directory.CreateTempSubdirectory("corpus-").FullName;
        Assert.That(FuzzingProgram.Run("corpus", folder).ExitCode, Is.Zero);
        foreach (string name in FuzzingProgram.Run("list").Lines)
            Assert.That(Directory.EnumerateFiles(Path.Combine(folder, name)), Is.Not.Empty);
        Directory.Delete(folder, recursive: true);
    }

    [TestCase("mutate")]
    [TestCase("mutate", "nobody", "--count", "1")]
    [TestCase("mutate", "--count", "many")]
    [TestCase("reproduce")]
    public void A_command_line_that_cannot_be_is_refused(params string[] arguments) =>
        Assert.That(FuzzingProgram.Run(arguments).ExitCode, Is.EqualTo(2));
}
