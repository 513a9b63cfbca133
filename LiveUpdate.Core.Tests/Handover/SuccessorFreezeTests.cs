using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>A handler that refuses to freeze when the successor is warm: reference F-35, F-36.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed class SuccessorFreezeTests : WarmSuccessorFixture
{
    [TestCase("frz1", "frz1")]
    [TestCase("frz2", "frz1 frz2 unf1")]
    [TestCase("frz4", "frz1 frz2 frz4 unf1 unf2")]
    [TestCase("frz5", "frz1 frz2 frz4 frz5 unf4 unf1 unf2")]
    public void A_refused_freeze_is_rolled_back_and_the_next_hand_over_succeeds(string freeze, string trace)
    {
        Log.Fail(freeze, LiveUpdateError.NoSpace);
        LiveUpdateException refusal = HandOverFails(LiveUpdateError.NoSpace);
        Assert.That(refusal.Handler, Is.EqualTo("test-v1"));
        Assert.That(Log.Take(), Is.EqualTo(trace));
        Log.Heal(freeze);
        AssertTookOver();
        Assert.That(Log.Take(), Is.EqualTo(Frozen));
    }

    [Test]
    public void Whatever_a_freeze_throws_is_a_refusal_with_the_cause_inside()
    {
        Log.On("frz4", static () => throw new InvalidDataException("not now"));
        LiveUpdateException refusal = HandOverFails(LiveUpdateError.InputOutput);
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidDataException>());
        Assert.That((refusal.Session, refusal.Token), Is.EqualTo(("second", (Token?)4)));
        Assert.That(Log.Take(), Is.EqualTo("frz1 frz2 frz4 unf1 unf2"));
    }

    [Test]
    public void An_unfreeze_that_throws_does_not_stop_the_others()
    {
        Log.Fail("frz5", LiveUpdateError.NoSpace);
        Log.Fail("unf4", LiveUpdateError.Busy);
        HandOverFails(LiveUpdateError.NoSpace);
        Assert.That(Log.Take(), Is.EqualTo("frz1 frz2 frz4 frz5 unf4 unf1 unf2"));
        Assert.That(Luo.CleanupErrors.Select(static error => error.Error), Is.EqualTo(new[] { LiveUpdateError.Busy }));
    }

    private LiveUpdateException HandOverFails(LiveUpdateError error) =>
        Refused.With(error, () => Luo.HandOver(HandoverTarget.Successor(Peer())));
}
