using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>Successors that keep to the protocol up to a point.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed class CrookedSuccessorTests : WarmSuccessorFixture
{
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    [TestCase("synchronized-wrong", LiveUpdateError.Protocol)]
    [TestCase("synchronized-with-descriptor", LiveUpdateError.Protocol)]
    [TestCase("synchronized-never", LiveUpdateError.TimedOut)]
    [TestCase("failed-early", LiveUpdateError.NoSpace)]
    public void One_that_goes_wrong_before_the_freeze_is_ended_and_nothing_freezes(string how, LiveUpdateError error)
    {
        HandOverFails(how, error);
        Assert.That(Log.Take(), Is.Empty);
    }

    [TestCase("verified-never", LiveUpdateError.TimedOut)]
    [TestCase("synchronized-twice", LiveUpdateError.Protocol)]
    [TestCase("committed-instead", LiveUpdateError.Protocol)]
    [TestCase("failed", LiveUpdateError.NoSpace)]
    [TestCase("failed-with-no-errno", LiveUpdateError.Protocol)]
    [TestCase("failed-without-reason", LiveUpdateError.Protocol)]
    [TestCase("deaf-after-verified", LiveUpdateError.BrokenPipe)]
    [TestCase("deaf-and-failed", LiveUpdateError.NoSpace)]
    [TestCase("exit-after-go", LiveUpdateError.BrokenPipe)]
    [TestCase("closes-after-go", LiveUpdateError.BrokenPipe)]
    public void One_that_goes_wrong_after_the_go_is_ended_and_everything_is_unfrozen(string how, LiveUpdateError error)
    {
        LiveUpdateException refusal = HandOverFails(how, error);
        Assert.That(Log.Take(), Is.EqualTo($"{Frozen} {Unfrozen}"));
        if (how == "exit-after-go")
            Assert.That(refusal.Message, Does.Contain("exit code 5"));
    }

    [Test]
    public void One_that_ends_when_it_is_warm_is_found_out()
    {
        LiveUpdateException refusal = HandOverFails("exit-when-warm", LiveUpdateError.BrokenPipe);
        Assert.That(refusal.Message, Does.Contain("exit code 4"));
        AssertTookOver();
    }

    [TestCase("closed-other", LiveUpdateError.Protocol)]
    [TestCase("closed-long", LiveUpdateError.Protocol)]
    [TestCase("closed-twice", LiveUpdateError.Protocol)]
    [TestCase("closed-never", LiveUpdateError.TimedOut)]
    public void One_that_does_not_close_what_is_unpreserved_is_ended_and_the_unpreserve_succeeds(string how, LiveUpdateError error)
    {
        using SafeFileHandle file = Libc.Eventfd(1, Libc.EFD_CLOEXEC);
        Session leaves = CreateSession("leaves");
        leaves.Preserve(1, file);
        var target = new SuccessorTarget(Crooked(how, error))
        {
            Reached = phase =>
            {
                if (phase == SuccessorPhase.Synchronized)
                    leaves.Dispose();
            },
        };
        Refused.With(error, () => Luo.HandOver(target));
        Assert.That(leaves.GetFiles, Throws.InstanceOf<ObjectDisposedException>());
    }

    [TestCase("verified-twice")]
    [TestCase("chatter-after-commit")]
    [TestCase("committed-twice")]
    public void What_a_new_owner_says_beside_committed_means_nothing(string how)
    {
        Luo.HandOver(HandoverTarget.Successor(Crooked(how, LiveUpdateError.None)));
        AssertOver();
    }

    [TestCase("garbage-after-commit")]
    [TestCase("closes-after-commit")]
    [TestCase("failed-after-verified")]
    [TestCase("exit-after-commit")]
    public void A_new_owner_that_never_says_committed_is_lost_when_it_ends_and_nothing_is_unfrozen(string how)
    {
        LiveUpdateException refusal = Refused.With(
            LiveUpdateError.BrokenPipe, () => Luo.HandOver(HandoverTarget.Successor(Crooked(how, LiveUpdateError.None))));
        Assert.That(refusal.Message, Does.Contain("committed").And.Contain("ended before it had taken over"));
        AssertOver();
    }

    private static SuccessorOptions Crooked(string how, LiveUpdateError error) =>
        Host(error == LiveUpdateError.TimedOut ? s_short : s_long, "crooked", how);

    private LiveUpdateException HandOverFails(string how, LiveUpdateError error) =>
        Refused.With(error, () => Luo.HandOver(HandoverTarget.Successor(Crooked(how, error))));

    private void AssertOver()
    {
        IsOver = true;
        ReadReport();
        Assert.That(Log.Take(), Is.EqualTo(Frozen));
        Refused.With(LiveUpdateError.Shutdown, () => Luo.OpenDevice());
        Refused.With(LiveUpdateError.Shutdown, () => Luo.HandOver(HandoverTarget.Successor()));
    }
}
