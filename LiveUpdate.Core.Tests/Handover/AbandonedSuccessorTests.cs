using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>
/// An old process that may not kill its successor, because they are of different users by now: it goes on, and the successor never takes
/// over, whenever it wakes up and whatever becomes of the old one.
/// </summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class AbandonedSuccessorTests
{
    private const string Exited =
        "liveupdate: the predecessor ended, or called off, before it handed over; this successor exits with code 75.";

    private const string HandedOver = "handed over 5 files, 3 descriptors";
    private const string NewOwner = "new owner True, user 65534";

    [TestCase("before-go")]
    [TestCase("verified")]
    public void One_that_is_well_exits_at_once(string when) =>
        Expect(when, "cancelled", HandedOver, NewOwner, "old owner True, user 65534, could not end 0");

    [Test]
    public void One_that_hangs_exits_when_it_wakes_up() =>
        Expect("hangs", "called off TimedOut", HandedOver, NewOwner, "old owner True, user 65534, could not end 0");

    [TestCase("hangs-long", 1)]
    [TestCase("before-hello", 0)]
    public void One_that_hangs_for_long_is_reported_with_who_has_to_kill_it(string when, int exits) => Expect(
        when,
        exits,
        "NotPermitted end successor: root or user 0 has to kill it",
        "called off TimedOut",
        HandedOver,
        NewOwner,
        "old owner True, user 65534, could not end 1");

    private static void Expect(string when, params string[] lines) => Expect(when, 1, lines);

    private static void Expect(string when, int exits, params string[] lines)
    {
        if (Libc.Geteuid() != 0)
            Skip.Because("Only root can become another user.");
        Repository.SkipIfClosedToOthers();
        (int exitCode, string[] all, string[] errors) = HostFamily.Run("abandoned", when);
        Assert.That(errors, Is.EqualTo(Enumerable.Repeat(Exited, exits)));
        Assert.That(all, Is.EqualTo(lines));
        Assert.That(exitCode, Is.Zero);
    }
}
