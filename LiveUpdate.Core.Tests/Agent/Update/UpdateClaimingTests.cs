using LiveUpdate.Agent;
using static LiveUpdate.Agent.UpdateMessageKind;

namespace LiveUpdate.Tests.Agent;

/// <summary>Every way through claiming.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class UpdateClaimingTests
{
    [Test]
    public async Task It_is_over_when_everybody_has_finished()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), other = update.Subscribe("other"), watcher = update.Watch();
        ListeningPeer initiator = await Go(update, one, other);
        await using CoordinatorFixture successor = update.Succeed(one, other, watcher, initiator);
        UpdateNotice updated = one.Last(Updated);
        Assert.That((updated.Number, updated.Generation, updated.TimeLeft), Is.EqualTo((1UL, 8UL, CoordinatorFixture.ClaimTime)));
        successor.Clock.Advance(TimeSpan.FromSeconds(2));
        successor.Say(one, Claimed);
        successor.Say(one, Finished);
        successor.Say(one, Finished);
        Assert.That(successor.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Claiming));
        successor.Say(other, Finished);
        Assert.That(successor.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
        foreach (ListeningPeer peer in new[] { one, other, initiator })
        {
            UpdateNotice over = peer.Last(Over);
            Assert.That((over.Number, over.Generation, over.Claimed, over.Finished, over.Names.Count), Is.EqualTo((1UL, 8UL, 2u, 2u, 0)));
        }

        Assert.That(watcher.Kinds, Is.EqualTo(new[] { Done }));
        Assert.That(watcher.Events.Last().Kind, Is.EqualTo(AgentEventKind.Over));
        Assert.That(initiator.Events.Last().Time, Is.EqualTo(TimeSpan.FromSeconds(2)), "time is counted from the start in the predecessor");
        Assert.That(successor.Clock.Waiting, Is.Zero);
        successor.Start();
    }

    [Test]
    public async Task With_nobody_it_is_over_at_once()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer initiator = await Go(update);
        await using CoordinatorFixture successor = update.Succeed(initiator);
        Assert.That(initiator.Kinds, Is.EqualTo(new[] { Done, Over }));
        Assert.That(successor.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
    }

    [Test]
    public async Task When_the_time_is_over_the_silent_are_named()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), other = update.Subscribe("other"), third = update.Subscribe("third");
        ListeningPeer initiator = await Go(update, one, other, third);
        await using CoordinatorFixture successor = update.Succeed(one, other, third, initiator);
        successor.Say(one, Finished);
        successor.Say(other, Claimed);
        successor.Clock.Advance(CoordinatorFixture.ClaimTime);
        UpdateNotice over = initiator.Last(Over);
        Assert.That((over.Claimed, over.Finished), Is.EqualTo((2u, 1u)));
        Assert.That(over.Names, Is.EqualTo(new[] { "other", "third" }));
        successor.Say(other, Finished);
        Assert.That(other.Kinds.Last(), Is.EqualTo(Over));
    }

    [Test]
    public async Task Who_goes_is_not_waited_for_and_is_named_unless_it_has_finished()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer early = update.Subscribe("early"), lost = update.Subscribe("lost"), one = update.Subscribe("one"), other = update.Subscribe("other");
        var over = new TaskCompletionSource();
        update.Host.HandingOver = (_, _) => over.Task;
        ListeningPeer initiator = update.Start();
        foreach (ListeningPeer peer in new[] { early, lost, one, other })
            update.Say(peer, Ready);
        update.Coordinator.Leave(early);
        over.SetResult();
        await update.Coordinator.Going;
        await using CoordinatorFixture successor = update.Succeed(one, other, initiator);
        successor.Say(one, Finished);
        successor.Coordinator.Leave(one);
        successor.Coordinator.Leave(other);
        Assert.That(initiator.Last(Over).Names, Is.EqualTo(new[] { "early", "lost", "other" }));
        Assert.That(initiator.Last(Over).Finished, Is.EqualTo(1));
    }

    [Test]
    public async Task Who_subscribes_while_others_claim_is_told_and_waited_for()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        ListeningPeer initiator = await Go(update, one);
        await using CoordinatorFixture successor = update.Succeed(one, initiator);
        successor.Clock.Advance(TimeSpan.FromSeconds(5));
        ListeningPeer late = successor.Subscribe("late");
        Assert.That(late.Last(Updated).TimeLeft, Is.EqualTo(TimeSpan.FromSeconds(15)));
        successor.Say(one, Finished);
        Assert.That(successor.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Claiming));
        successor.Say(late, Finished);
        Assert.That(late.Kinds.Last(), Is.EqualTo(Over));
    }

    [Test]
    public async Task Who_subscribes_while_it_goes_is_told_when_it_is_done_and_not_when_it_is_called_off()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        var over = new TaskCompletionSource();
        update.Host.HandingOver = (_, _) => over.Task;
        update.Start();
        update.Say(one, Ready);
        ListeningPeer late = update.Subscribe("late");
        await using (CoordinatorFixture successor = update.Succeed(late))
            Assert.That(late.Kinds, Is.EqualTo(new[] { Done, Updated }));
        over.SetException(new LiveUpdateException(LiveUpdateError.NoSpace));
        await update.Coordinator.Going;
        Assert.That(one.Kinds.Last(), Is.EqualTo(CalledOff));
        Assert.That(late.Kinds, Has.No.Member(CalledOff));
    }

    [Test]
    public async Task Behind_a_kexec_it_is_over_when_everybody_expected_has_finished()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer watcher = update.Watch();
        update.Coordinator.BeginClaiming(42, CoordinatorFixture.ClaimTime, ["one", "one", "other"]);
        ListeningPeer one = update.Subscribe("one");
        Assert.That((one.Last(Updated).Number, one.Last(Updated).Generation), Is.EqualTo((42UL, 7UL)));
        update.Say(one, Finished, update: 42);
        ListeningPeer again = update.Subscribe("one"), stranger = update.Subscribe("stranger"), other = update.Subscribe("other");
        update.Say(again, Finished, update: 42);
        update.Say(other, Finished, update: 42);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Claiming));
        update.Say(stranger, Finished, update: 42);
        Assert.That(watcher.Events.Last().Kind, Is.EqualTo(AgentEventKind.Over));
        Assert.That(other.Last(Over).Finished, Is.EqualTo(4));
    }

    [Test]
    public async Task Behind_a_kexec_those_who_do_not_come_are_named()
    {
        await using var update = new CoordinatorFixture();
        update.Coordinator.BeginClaiming(42, CoordinatorFixture.ClaimTime, ["one", "other"]);
        ListeningPeer one = update.Subscribe("one");
        update.Say(one, Finished, update: 42);
        update.Clock.Advance(CoordinatorFixture.ClaimTime);
        Assert.That(one.Last(Over).Names, Is.EqualTo(new[] { "other" }));
    }

    [Test]
    public async Task Behind_a_kexec_only_the_time_ends_it_where_nobody_is_known()
    {
        await using var update = new CoordinatorFixture();
        update.Coordinator.BeginClaiming(42, CoordinatorFixture.ClaimTime, expected: null);
        ListeningPeer one = update.Subscribe("one");
        update.Say(one, Finished, update: 42);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Claiming));
        Assert.That(() => update.Coordinator.BeginClaiming(43, CoordinatorFixture.ClaimTime, null), Throws.InvalidOperationException);
        update.Clock.Advance(CoordinatorFixture.ClaimTime);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
        Assert.That(one.Last(Over).Finished, Is.EqualTo(1));
    }

    [Test]
    public async Task Behind_a_kexec_in_which_nobody_took_part_it_is_over_at_once()
    {
        await using var update = new CoordinatorFixture();
        update.Coordinator.BeginClaiming(42, CoordinatorFixture.ClaimTime, []);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
    }

    private static async Task<ListeningPeer> Go(CoordinatorFixture update, params ListeningPeer[] ready)
    {
        ListeningPeer initiator = update.Start();
        foreach (ListeningPeer peer in ready)
            update.Say(peer, Ready);
        await update.Coordinator.Going;
        return initiator;
    }
}
