namespace LiveUpdate.Tests.Handover;

/// <summary>As <see cref="SuccessorKillTests"/>, with a successor that somebody else starts.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[Parallelizable(ParallelScope.All)]
internal sealed class AdoptedKillTests
{
    private const string CalledOff = "called off BrokenPipe";
    private const string HandedOver = "handed over 4 files, 3 descriptors";
    private const string Lost = "lost BrokenPipe";
    private const string NewOwner = "new owner True, target successor, files 4, descriptors 3";
    private const string OldOwner = "old owner True, files 4";
    private const string NobodyThere = "LiveUpdateException: Connecting to a predecessor";
    private const string Secret = "a secret";
    private const string Exited =
        "liveupdate: the predecessor ended, or called off, before it handed over; this successor exits with code 75.";

    private const int Killed = 128 + 9;

    [Test]
    public void An_adopted_successor_takes_over_while_the_collector_is_at_work_in_both()
    {
        (string[] lines, string[] errors) = Run("collect", "collect");
        Assert.That(lines, Is.EqualTo((string[])[HandedOver, NewOwner]));
        Assert.That(errors, Is.Empty);
    }

    [TestCase(SuccessorPhase.Greeted)]
    [TestCase(SuccessorPhase.Memory)]
    [TestCase(SuccessorPhase.Descriptors)]
    [TestCase(SuccessorPhase.Synchronized)]
    [TestCase(SuccessorPhase.Go)]
    [TestCase(SuccessorPhase.Verified)]
    public void One_that_dies_before_the_commit_changes_nothing_and_another_takes_over(SuccessorPhase phase)
    {
        (string[] lines, string[] errors) = Run("-", phase.ToString(), retries: true);
        Assert.That(lines, Is.EqualTo((string[])[CalledOff, HandedOver, NewOwner, OldOwner]));
        Assert.That(errors, Is.Empty);
    }

    [Test]
    public void One_that_dies_before_its_hello_was_nobodys_successor_and_another_is_waited_for()
    {
        (string[] lines, string[] errors) = Run("-", nameof(SuccessorPhase.Connected), another: "-");
        Assert.That(lines, Is.EqualTo((string[])[HandedOver, NewOwner]));
        Assert.That(errors, Is.Empty);
    }

    [Test]
    public void One_that_dies_while_it_waits_for_the_commit_is_called_off_or_lost()
    {
        (string[] lines, string[] errors) = Run("-", nameof(SuccessorPhase.Waiting));
        Assert.That(lines, Is.EqualTo((string[])[CalledOff, OldOwner]).Or.EqualTo((string[])[Lost]));
        Assert.That(errors, Is.Empty);
    }

    [TestCase(SuccessorPhase.Committed)]
    [TestCase(SuccessorPhase.Completed)]
    public void One_that_dies_after_the_commit_was_the_owner(SuccessorPhase phase)
    {
        (string[] lines, string[] errors) = Run("-", phase.ToString());
        Assert.That(lines, Is.EqualTo((string[])[Lost]));
        Assert.That(errors, Is.Empty);
    }

    [TestCase(SuccessorPhase.Connected)]
    [TestCase(SuccessorPhase.Greeted)]
    [TestCase(SuccessorPhase.Memory)]
    [TestCase(SuccessorPhase.Descriptors)]
    [TestCase(SuccessorPhase.Synchronized)]
    [TestCase(SuccessorPhase.Frozen)]
    public void When_the_old_process_dies_before_the_go_it_does_not_take_over(SuccessorPhase phase)
    {
        (string[] lines, string[] errors) = Run(phase.ToString(), "-", expected: Killed);

        // Nobody listens any more when it comes to connect.
        if (phase == SuccessorPhase.Connected && errors.Length == 0)
        {
            Assert.That(lines, Has.Some.StartsWith(NobodyThere));
            Assert.That(lines, Has.None.Contains("owner"));
            return;
        }

        Assert.That(lines, Is.Empty);
        Assert.That(errors, Is.EqualTo((string[])[Exited]));
    }

    [TestCase(SuccessorPhase.Go)]
    [TestCase(SuccessorPhase.Verified)]
    [TestCase(SuccessorPhase.Committed)]
    [TestCase(SuccessorPhase.Completed)]
    public void When_the_old_process_dies_after_the_go_it_takes_over(SuccessorPhase phase)
    {
        (string[] lines, string[] errors) = Run(phase.ToString(), "-", expected: Killed);
        Assert.That(lines, Is.EqualTo((string[])[NewOwner]));
        Assert.That(errors, Is.Empty);
    }

    // Both are started here and neither is the other's child.
    private static (string[] Lines, string[] Errors) Run(string old, string successor, bool retries = false, string? another = null, int expected = 0)
    {
        string folder = Directory.CreateTempSubdirectory("adopt-").FullName;
        try
        {
            string path = Path.Combine(folder, "socket");
            string[] arguments = ["adopting-life", path, Secret, old];
            Task<(int ExitCode, string[] Lines, string[] Errors)> first = Task.Run(() => HostFamily.Run(retries ? [.. arguments, "retry"] : arguments));
            (_, string[] lines, string[] errors) = HostFamily.Run("adopted-life", path, Secret, successor);
            if (another is not null)
            {
                (_, string[] more, string[] moreErrors) = HostFamily.Run("adopted-life", path, Secret, another);
                (lines, errors) = ([.. lines, .. more], [.. errors, .. moreErrors]);
            }

            Assert.That(first.Result.ExitCode, Is.EqualTo(expected));
            return ([.. lines.Concat(first.Result.Lines).Order(StringComparer.Ordinal)], [.. errors, .. first.Result.Errors]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
