using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>
/// Chains of hand-overs in which one of the two processes is killed at a random moment: see <c>kill-rounds</c> of the test host, which is
/// the long form.
/// </summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[Parallelizable(ParallelScope.All)]
public sealed class KillRoundTests
{
    private const int Rounds = 25;

    [Test]
    public void There_are_never_two_owners_and_none_is_missing_but_by_its_own_death()
    {
        int seed = Random.Shared.Next(1 << 24);
        TestContext.Out.WriteLine($"kill-rounds {Rounds} {seed}");
        ProgramRun run = ProgramRun.OfAssembly("LiveUpdate.Core.TestHost", TimeSpan.FromMinutes(15), "kill-rounds", $"{Rounds}", $"{seed}");
        foreach (string line in run.Lines)
            TestContext.Out.WriteLine(line);
        Assert.That(run.Lines[^1], Is.EqualTo($"{Rounds} rounds, never two owners, never one missing"));
        Assert.That(run.Errors, Is.Empty);
        Assert.That(run.ExitCode, Is.Zero);
    }
}
