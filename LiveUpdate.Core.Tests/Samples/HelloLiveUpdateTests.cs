using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Samples;

/// <summary>The sample does what it says, with less RAM.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class HelloLiveUpdateTests
{
    private static readonly string[] s_phases =
        ["preserve", "prepare", "freeze", "serialize", "hand-over", "attach", "activate", "open", "retrieve", "finish"];

    [Test]
    [Platform(Include = "Linux", Reason = "Only Linux replaces the image of a process with its descriptors kept.")]
    public void Every_checksum_matches_across_processes() => ExpectThreeGenerations("exec");

    [Test]
    public void Every_checksum_matches_within_a_process() => ExpectThreeGenerations("in-process", "--in-process");

    [TestCase("--ram", "0")]
    [TestCase("--ram", "much")]
    [TestCase("--generations", "0")]
    [TestCase("--unknown", "1")]
    public void Wrong_options_are_refused(string name, string value)
    {
        (int exitCode, _, string errors) = Run(name, value);
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(errors, Is.Not.Empty);
    }

    private static void ExpectThreeGenerations(string target, params string[] options)
    {
        (int exitCode, string[] lines, string errors) = Run(["--ram", "16", .. options]);
        Assert.That(errors, Is.Empty);
        Assert.That(exitCode, Is.Zero);
        Assert.That(lines[^1], Is.EqualTo("Every checksum matched in every one of 3 generations."));
        Assert.That(lines, Has.Exactly(2).EqualTo("Every checksum matches."));
        Assert.That(lines, Has.Exactly(2).StartsWith("Before: ").And.Exactly(2).StartsWith("After:  "));
        Assert.That(lines, Has.Exactly(2).Contains($"by {target}: 4 files"));
        IEnumerable<string> phases = lines.Select(static line => line.Trim().Split(' ')[0]).Where(s_phases.Contains);
        Assert.That(phases, Is.EqualTo((string[])[.. s_phases, .. s_phases]));
    }

    private static ProgramRun Run(params string[] arguments) => ProgramRun.OfAssembly("HelloLiveUpdate", arguments);
}
