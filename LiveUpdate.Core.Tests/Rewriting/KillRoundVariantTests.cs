using LiveUpdate.Tests.Infrastructure;
using Mono.Cecil;

namespace LiveUpdate.Tests.Rewriting;

/// <summary>The kill rounds find what is wrong: each variant of the library breaks one rule of a hand-over, and the ledger shows it.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[Parallelizable(ParallelScope.All)]
public sealed class KillRoundVariantTests
{
    // The plans of this seed kill the old process three times at once after the go or the verification, in the first twelve rounds.
    private const int Rounds = 12;
    private const int Seed = 742;

    [Test]
    public void A_missed_unfreeze_is_found() => Finds(
        "only the owner", static module => Breakage.Empty(module, "LiveUpdate.OutgoingFileSet", "Unfreeze"));

    [Test]
    public void A_successor_that_does_not_take_over_from_a_dead_one_is_found() => Finds(
        "nobody took over", static module => Breakage.Return(module, "LiveUpdate.LiveUpdateEngine", "IsStillHandedOver", false));

    [Test]
    public void A_stream_that_stays_open_is_found() => Finds(
        "left over", static module => Breakage.LeaveOut(module, "LiveUpdate.SuccessorConnection", "Dispose", "Dispose"));

    [Test]
    public void A_successor_that_does_not_wait_for_the_commit_is_found() => Finds(
        "the owner|nobody took over|called off by", static module => Breakage.Empty(module, "LiveUpdate.SuccessorArrival", "AwaitCommit"));

    // What two owners do to one another depends on who is faster.
    private static void Finds(string fault, Action<ModuleDefinition> change)
    {
        using var broken = new RewrittenLibrary(change);
        TestContext.Out.WriteLine($"kill-rounds {Rounds} {Seed}");
        ProgramRun run = broken.Run("LiveUpdate.Core.TestHost", TimeSpan.FromMinutes(5), "kill-rounds", $"{Rounds}", $"{Seed}");
        TestContext.Out.WriteLine(string.Join('\n', run.Lines.Take(30)) + run.Errors);
        Assert.That(run.Lines, Has.Some.Matches(fault));
        Assert.That(run.Lines[^1], Is.EqualTo("failed"));
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }
}
