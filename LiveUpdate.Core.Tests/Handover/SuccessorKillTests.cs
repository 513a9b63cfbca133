namespace LiveUpdate.Tests.Handover;

/// <summary>Either process dies at every phase: at most one ever acts as the owner, and it has everything.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[Parallelizable(ParallelScope.All)]
internal sealed class SuccessorKillTests
{
    private const string CalledOff = "called off BrokenPipe";
    private const string HandedOver = "handed over 4 files, 3 descriptors";
    private const string Lost = "lost BrokenPipe";
    private const string NewOwner = "new owner True, target successor, files 4, descriptors 3";
    private const string OldOwner = "old owner True, files 4";
    private const string Exited =
        "liveupdate: the predecessor ended, or called off, before it handed over; this successor exits with code 75.";

    private const int Killed = 128 + 9;

    private static IEnumerable<SuccessorPhase> BeforeGo =>
        [SuccessorPhase.Connected, SuccessorPhase.Greeted, SuccessorPhase.Memory, SuccessorPhase.Descriptors, SuccessorPhase.Synchronized, SuccessorPhase.Frozen];

    private static IEnumerable<SuccessorPhase> FromGoOn =>
        [SuccessorPhase.Go, SuccessorPhase.Verified, SuccessorPhase.Committed, SuccessorPhase.Completed];

    private static IEnumerable<SuccessorPhase> BeforeCommit =>
    [
        SuccessorPhase.Connected, SuccessorPhase.Greeted, SuccessorPhase.Memory, SuccessorPhase.Descriptors, SuccessorPhase.Synchronized,
        SuccessorPhase.Go, SuccessorPhase.Verified,
    ];

    [TestCaseSource(nameof(BeforeCommit))]
    [Repeat(2)]
    public void A_successor_that_dies_before_the_commit_changes_nothing_and_the_next_one_takes_over(SuccessorPhase phase)
    {
        (int exitCode, string[] lines, string[] errors) = HostFamily.Run("successor", "-", phase.ToString(), "retry");
        Assert.That(lines, Is.EqualTo((string[])[CalledOff, HandedOver, NewOwner, OldOwner]));
        Assert.That(errors, Is.Empty);
        Assert.That(exitCode, Is.Zero);
    }

    [Test]
    [Repeat(2)]
    public void A_successor_that_dies_while_it_waits_for_the_commit_is_called_off_or_lost()
    {
        (_, string[] lines, string[] errors) = HostFamily.Run("successor", "-", nameof(SuccessorPhase.Waiting));
        Assert.That(lines, Is.EqualTo((string[])[CalledOff, OldOwner]).Or.EqualTo((string[])[Lost]));
        Assert.That(errors, Is.Empty);
    }

    [TestCase(SuccessorPhase.Committed)]
    [TestCase(SuccessorPhase.Completed)]
    [Repeat(2)]
    public void A_successor_that_dies_after_the_commit_was_the_owner(SuccessorPhase phase)
    {
        (_, string[] lines, string[] errors) = HostFamily.Run("successor", "-", phase.ToString());
        Assert.That(lines, Is.EqualTo((string[])[Lost]));
        Assert.That(errors, Is.Empty);
    }

    [TestCaseSource(nameof(BeforeGo))]
    [Repeat(2)]
    public void When_the_old_process_dies_before_the_go_its_successor_exits_and_says_so(SuccessorPhase phase)
    {
        (int exitCode, string[] lines, string[] errors) = HostFamily.Run("successor", phase.ToString(), "-");
        Assert.That(lines, Is.Empty);
        Assert.That(errors, Is.EqualTo((string[])[Exited]));
        Assert.That(exitCode, Is.EqualTo(Killed));
    }

    [TestCaseSource(nameof(FromGoOn))]
    [Repeat(2)]
    public void When_the_old_process_dies_after_the_go_its_successor_takes_over(SuccessorPhase phase)
    {
        (int exitCode, string[] lines, string[] errors) = HostFamily.Run("successor", phase.ToString(), "-");
        Assert.That(lines, Is.EqualTo((string[])[NewOwner]));
        Assert.That(errors, Is.Empty);
        Assert.That(exitCode, Is.EqualTo(Killed));
    }
}
