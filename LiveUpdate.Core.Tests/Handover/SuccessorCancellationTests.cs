using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>Either side is cancelled at every phase: until the commit nothing has happened, and afterwards nothing is cancelled.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
internal sealed class SuccessorCancellationTests : WarmSuccessorFixture
{
    [TestCase(SuccessorPhase.Connected)]
    [TestCase(SuccessorPhase.Greeted)]
    [TestCase(SuccessorPhase.Memory)]
    [TestCase(SuccessorPhase.Descriptors)]
    [TestCase(SuccessorPhase.Synchronized)]
    public void A_hand_over_that_is_cancelled_before_the_freeze_freezes_nothing(SuccessorPhase phase)
    {
        HandOverIsCancelled(phase);
        Assert.That(Log.Take(), Is.Empty);
    }

    [TestCase(SuccessorPhase.Frozen)]
    [TestCase(SuccessorPhase.Go)]
    [TestCase(SuccessorPhase.Verified)]
    public void A_hand_over_that_is_cancelled_before_the_commit_unfreezes_everything(SuccessorPhase phase)
    {
        HandOverIsCancelled(phase);
        Assert.That(Log.Take(), Is.EqualTo($"{Frozen} {Unfrozen}"));
        AssertTookOver();
    }

    [TestCase(SuccessorPhase.Committed)]
    [TestCase(SuccessorPhase.Completed)]
    public void The_token_means_nothing_after_the_commit(SuccessorPhase phase)
    {
        using var cancellation = new CancellationTokenSource();
        AssertTookOver(Cancelling(phase, cancellation), cancellation.Token);
        Assert.That(cancellation.IsCancellationRequested, Is.True);
    }

    [TestCase(SuccessorPhase.Connected)]
    [TestCase(SuccessorPhase.Greeted)]
    [TestCase(SuccessorPhase.Memory)]
    [TestCase(SuccessorPhase.Descriptors)]
    [TestCase(SuccessorPhase.Synchronized)]
    [TestCase(SuccessorPhase.Go)]
    [TestCase(SuccessorPhase.Verified)]
    public void A_successor_whose_boot_is_cancelled_says_so_and_is_none(SuccessorPhase phase)
    {
        Refused.With(LiveUpdateError.Canceled, () => Luo.HandOver(HandoverTarget.Successor(Peer($"cancel:{phase}"))));
        Assert.That(ReadReport(), Is.EqualTo("").Or.EqualTo("OperationCanceledException, no second boot"), "it may have been killed before it wrote");
        string log = Log.Take();
        Assert.That(log, phase >= SuccessorPhase.Go ? Is.EqualTo($"{Frozen} {Unfrozen}") : Is.Empty.Or.EqualTo($"{Frozen} {Unfrozen}"));
    }

    [TestCase(SuccessorPhase.Waiting)]
    [TestCase(SuccessorPhase.Committed)]
    public void The_token_of_a_boot_means_nothing_once_it_has_verified(SuccessorPhase phase) =>
        AssertTookOver(HandoverTarget.Successor(Peer($"cancel:{phase}")));

    private void HandOverIsCancelled(SuccessorPhase phase)
    {
        using var cancellation = new CancellationTokenSource();
        Assert.That(() => Luo.HandOver(Cancelling(phase, cancellation), cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private SuccessorTarget Cancelling(SuccessorPhase at, CancellationTokenSource cancellation) => new(Peer())
    {
        Reached = phase =>
        {
            if (phase == at)
                cancellation.Cancel();
        },
    };
}
