using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>
/// Predecessors that do not keep to the protocol, or send what they should not: their successor says what is wrong and ends, or exits with
/// 75 when it is left alone. It never acts, crashes or hangs.
/// </summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class BadPredecessorTests
{
    private const string Exited =
        "liveupdate: the predecessor ended, or called off, before it handed over; this successor exits with code 75.";

    private const string NewOwner = "new owner True, target successor, files 4, descriptors 3";

    [TestCase("garbage", "Protocol")]
    [TestCase("newer-version", "NotSupported")]
    [TestCase("too-long", "Protocol")]
    [TestCase("phantom-descriptors", "Protocol")]
    [TestCase("negative-descriptors", "Protocol")]
    [TestCase("unknown-message", "Protocol")]
    [TestCase("own-message", "Protocol")]
    [TestCase("refused", "Busy")]
    [TestCase("refused-without-reason", "Protocol")]
    [TestCase("refused-with-no-errno", "Protocol")]
    [TestCase("commit-early", "Protocol")]
    public void A_message_that_is_none_or_not_in_place_is_refused(string how, string error) => ExpectRefusal(how, error);

    [TestCase("memory-unsealed", "InvalidArgument")]
    [TestCase("memory-may-grow", "InvalidArgument")]
    [TestCase("memory-write-sealed", "InvalidArgument")]
    [TestCase("memory-too-small", "InvalidArgument")]
    [TestCase("memory-empty", "InvalidArgument")]
    [TestCase("memory-of-half-a-page", "InvalidArgument")]
    [TestCase("memory-regular-file", "InvalidArgument")]
    [TestCase("memory-pipe", "InvalidArgument")]
    [TestCase("memory-none", "Protocol")]
    [TestCase("memory-two", "Protocol")]
    [TestCase("memory-twice", "Protocol")]
    [TestCase("memory-blank", "InvalidArgument")]
    public void A_memory_file_that_is_none_is_refused(string how, string error) => ExpectRefusal(how, error);

    [TestCase("slot-in-use")]
    [TestCase("slot-negative")]
    [TestCase("slot-too-high")]
    [TestCase("more-slots-than-descriptors")]
    [TestCase("more-descriptors-than-slots")]
    [TestCase("half-a-slot")]
    [TestCase("descriptor-beside-synchronize")]
    [TestCase("descriptor-beside-close")]
    [TestCase("descriptor-beside-go")]
    [TestCase("a-thousand-descriptors-beside-one")]
    [TestCase("close-empty")]
    [TestCase("close-negative")]
    [TestCase("close-long")]
    public void Descriptors_that_do_not_fit_are_refused(string how) => ExpectRefusal(how, "Protocol");

    [TestCase("synchronize-without-memory", "Protocol")]
    [TestCase("synchronize-short", "Protocol")]
    [TestCase("synchronize-too-much", "Protocol")]
    [TestCase("synchronize-negative", "Protocol")]
    [TestCase("go-without-memory", "Protocol")]
    [TestCase("go-without-synchronize", "Protocol")]
    [TestCase("go-short", "Protocol")]
    [TestCase("go-without-descriptors", "Protocol")]
    [TestCase("go-of-another-number", "InvalidArgument")]
    [TestCase("go-with-another-file", "InvalidArgument")]
    public void A_go_that_does_not_fit_what_arrived_is_refused(string how, string error) => ExpectRefusal(how, error);

    [Test]
    public void A_slot_that_is_not_in_the_image_is_refused()
    {
        string[] lines = Run("go-with-another-slot", out string[] errors);
        Assert.That(lines, Has.One.EqualTo("answered Failed Protocol").Or.One.EqualTo("answered Failed InvalidArgument"));
        Assert.That(lines, Does.Contain("successor ended with exit code 1"));
        Assert.That(errors, Is.Empty);
    }

    [TestCase("close-twice", "answered Closed")]
    [TestCase("go-twice", "answered Verified")]
    [TestCase("garbage-after-the-go", "answered Verified")]
    public void What_was_in_place_is_answered_and_what_was_not_is_refused(string how, string answer) => ExpectRefusal(how, "Protocol", answer);

    [TestCase("garbage")]
    [TestCase("another-message")]
    public void Only_a_commit_may_follow_verified(string how)
    {
        (int exitCode, string[] lines, string[] errors) = HostFamily.Run("late-predecessor", how);
        Assert.That(lines.Where(IsAnswer), Is.EqualTo((string[])["answered Failed Protocol", "successor ended with exit code 1"]));
        Assert.That(lines, Has.None.Contains("owner"));
        Assert.That(errors, Is.Empty);
        Assert.That(exitCode, Is.Zero);
    }

    [TestCase("half-header")]
    [TestCase("half-message")]
    [TestCase("early-close")]
    public void One_that_closes_early_lets_its_successor_exit_with_75(string how)
    {
        string[] lines = Run(how, out string[] errors);
        Assert.That(lines, Is.EqualTo((string[])["successor ended with exit code 75"]));
        Assert.That(errors, Is.EqualTo((string[])[Exited]));
    }

    [Test]
    public void A_commit_that_comes_too_early_is_a_commit()
    {
        string[] lines = Run("commit-before-verified", out string[] errors);
        Assert.That(lines, Is.EqualTo((string[])["answered Committed", "answered Verified", NewOwner, "successor ended with exit code 0"]));
        Assert.That(errors, Is.Empty);
    }

    [TestCase("end")]
    [TestCase("close-and-end")]
    public void One_that_ends_after_verified_leaves_everything_to_its_successor(string how)
    {
        (_, string[] lines, string[] errors) = HostFamily.Run("late-predecessor", how);
        Assert.That(lines, Is.EqualTo((string[])[NewOwner]));
        Assert.That(errors, Is.Empty);
    }

    [TestCase("call-off", "successor ended with exit code 75")]
    [TestCase("close-and-call-off-and-end")]
    [TestCase("call-off-and-freeze-again-and-end")]
    [TestCase("close-and-freeze-again-and-end")]
    public void A_hand_over_that_was_called_off_in_memory_is_never_taken_over(string how, params string[] lines)
    {
        (_, string[] all, string[] errors) = HostFamily.Run("late-predecessor", how);
        Assert.That(all, Is.EqualTo(lines));
        Assert.That(errors, Is.EqualTo((string[])[Exited]));
    }

    [Test]
    public void Another_users_process_is_no_predecessor_and_is_not_told_the_secret()
    {
        if (Libc.Geteuid() != 0)
            Skip.Because("Only root can become another user.");
        Repository.SkipIfClosedToOthers();
        string folder = Directory.CreateTempSubdirectory("impostor-").FullName;
        (_, string[] lines, string[] errors) = HostFamily.Run("impostor", folder);
        Directory.Delete(folder, recursive: true);
        Assert.That(lines, Does.Contain("sent 0 bytes").And.Contain("ended with 1"));
        Assert.That(lines, Has.One.Contains("runs as user 65534, and this one as user 0. (EPERM; operation boot)"));
        Assert.That(errors, Is.Empty);
    }

    private static void ExpectRefusal(string how, string error, params string[] answers)
    {
        string[] lines = Run(how, out string[] errors);
        Assert.That(
            lines.Where(IsAnswer), Is.EqualTo(((string[])[.. answers, $"answered Failed {error}", "successor ended with exit code 1"]).Order(StringComparer.Ordinal)));
        Assert.That(lines, Has.None.Contains("owner"));
        Assert.That(lines, Has.One.Contains("LiveUpdateException: ").Or.One.Contains("LiveUpdateImageException: "), "its boot throws what it says");
        Assert.That(errors, Is.Empty);
    }

    private static string[] Run(string how, out string[] errors)
    {
        (int exitCode, string[] lines, errors) = HostFamily.Run("bad-predecessor", how);
        Assert.That(exitCode, Is.Zero);
        return lines;
    }

    private static bool IsAnswer(string line) =>
        line.StartsWith("answered", StringComparison.Ordinal) || line.StartsWith("successor", StringComparison.Ordinal);
}
