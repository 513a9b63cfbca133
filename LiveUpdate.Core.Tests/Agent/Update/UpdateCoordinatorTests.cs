using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;
using static LiveUpdate.Agent.UpdateMessageKind;

namespace LiveUpdate.Tests.Agent;

/// <summary>Every way through preparing, and back.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class UpdateCoordinatorTests
{
    [Test]
    public async Task Without_subscribers_it_goes_at_once()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer initiator = update.Start();
        await update.Coordinator.Going;
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.HandedOver));
        Assert.That(initiator.Kinds, Is.EqualTo(new[] { Done }));
        Assert.That(initiator.Last(Done).Update, Is.EqualTo(1));
        Assert.That(initiator.Events.Select(static happened => happened.Phase), Is.EqualTo(new[] { "prepare", "barrier", "hand-over" }));
    }

    [Test]
    public async Task When_all_are_ready_requests_pause_then_everybody_is_told_to_go()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), other = update.Subscribe("other");
        var steps = new List<string>();
        update.Host.Pausing = _ =>
        {
            steps.Add($"pause, told to go: {one.Kinds.Contains(Go)}");
            return Task.CompletedTask;
        };
        update.Host.HandingOver = (phase, _) =>
        {
            steps.Add($"hand over, told to go: {one.Kinds.Contains(Go)}");
            phase("freeze");
            return Task.CompletedTask;
        };
        ListeningPeer initiator = update.Start();
        update.Say(one, Ready);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Preparing));
        update.Clock.Advance(TimeSpan.FromSeconds(3));
        update.Say(other, Ready);
        await update.Coordinator.Going;
        Assert.That(steps, Is.EqualTo(new[] { "pause, told to go: False", "hand over, told to go: True" }));
        foreach (ListeningPeer peer in new[] { one, other })
            Assert.That(peer.Kinds, Is.EqualTo(new[] { Done, Prepare, Go }));
        Assert.That(one.Last(Prepare).TimeLeft, Is.EqualTo(CoordinatorFixture.PrepareTime));
        AgentEvent freeze = initiator.Events.Last();
        Assert.That((freeze.Phase, freeze.Time, freeze.Update), Is.EqualTo(("freeze", TimeSpan.FromSeconds(3), 1UL)));
        Assert.That(update.Clock.Waiting, Is.Zero);
    }

    [Test]
    public async Task One_who_refuses_calls_it_off_for_everybody()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), other = update.Subscribe("other"), initiator = update.Start();
        update.Say(one, Ready);
        update.Say(other, Refuse, reason: "a disk\nis busy");
        foreach (ListeningPeer peer in new[] { one, other, initiator })
        {
            Assert.That(peer.Kinds.Last(), Is.EqualTo(CalledOff));
            Assert.That(peer.Last(CalledOff).Error, Is.EqualTo(LiveUpdateError.Busy));
            Assert.That(peer.Last(CalledOff).Text, Is.EqualTo("The subscriber \"other\" refuses: a disk is busy"));
        }

        AgentEvent[] events = [.. initiator.Events.TakeLast(2)];
        Assert.That((events[0].Subscriber, events[0].State, events[0].Reason), Is.EqualTo(("other", AgentSubscriberState.Refused, "a disk is busy")));
        Assert.That((events[1].Kind, events[1].Error), Is.EqualTo((AgentEventKind.CalledOff, LiveUpdateError.Busy)));
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
        Assert.That(update.Coordinator.Describe(Status()).Subscribers.Select(static member => member.State), Is.All.EqualTo(AgentSubscriberState.Subscribed));
        Assert.That(update.Clock.Waiting, Is.Zero);
        update.Start();
        Assert.That(one.Last(Prepare).Number, Is.EqualTo(2));
    }

    [Test]
    public async Task One_who_was_ready_may_still_refuse_until_all_are()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        update.Subscribe("other");
        update.Start();
        update.Say(one, Ready);
        update.Say(one, Refuse, reason: "changed its mind");
        Assert.That(one.Kinds.Last(), Is.EqualTo(CalledOff));
    }

    [Test]
    public async Task Who_is_silent_at_the_deadline_calls_it_off_by_name_and_is_ignored_later()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), other = update.Subscribe("other"), third = update.Subscribe("third");
        ListeningPeer initiator = update.Start();
        update.Say(one, Ready);
        update.Clock.Advance(CoordinatorFixture.PrepareTime - TimeSpan.FromMilliseconds(1));
        Assert.That(initiator.Kinds, Has.No.Member(CalledOff));
        update.Clock.Advance(TimeSpan.FromMilliseconds(1));
        foreach (ListeningPeer peer in new[] { one, other, third, initiator })
            Assert.That((peer.Last(CalledOff).Error, peer.Last(CalledOff).Text), Is.EqualTo((LiveUpdateError.TimedOut, "Subscribers were not ready in time: other, third")));
        update.Say(other, Ready);
        update.Say(other, Refuse);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
        Assert.That(other.Kinds, Is.EqualTo(new[] { Done, Prepare, CalledOff }));
    }

    [Test]
    public async Task The_silent_can_be_left_behind()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), silent = update.Subscribe("silent"), initiator = update.Start(leavesSilentBehind: true);
        update.Say(one, Ready);
        update.Clock.Advance(CoordinatorFixture.PrepareTime);
        await update.Coordinator.Going;
        Assert.That(initiator.Events, Has.One.Matches<AgentEvent>(static happened => happened is { Subscriber: "silent", State: AgentSubscriberState.LeftBehind }));
        Assert.That(silent.Kinds, Is.EqualTo(new[] { Done, Prepare, Go }));
        await using CoordinatorFixture successor = update.Succeed(one, silent, initiator);
        successor.Say(one, Finished);
        Assert.That(initiator.Kinds.Last(), Is.EqualTo(Over), "nobody waits for one who was left behind");
        Assert.That(initiator.Last(Over).Names, Is.EqualTo(new[] { "silent" }));
    }

    [Test]
    public async Task Who_dies_is_taken_out_of_the_barrier()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), other = update.Subscribe("other"), third = update.Subscribe("third");
        ListeningPeer initiator = update.Start();
        update.Say(one, Ready);
        update.Coordinator.Leave(one);
        update.Say(other, Ready);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Preparing));
        update.Coordinator.Leave(third);
        await update.Coordinator.Going;
        Assert.That(other.Kinds, Is.EqualTo(new[] { Done, Prepare, Go }));
        Assert.That(
            initiator.Events.Where(static happened => happened.State == AgentSubscriberState.Gone).Select(static happened => happened.Subscriber),
            Is.EqualTo(new[] { "one", "third" }));
    }

    [Test]
    public async Task When_all_die_it_goes()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        update.Start();
        update.Coordinator.Leave(one);
        await update.Coordinator.Going;
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.HandedOver));
    }

    [Test]
    public async Task Who_subscribes_in_the_middle_prepares_in_the_time_that_is_left()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        update.Start();
        update.Clock.Advance(TimeSpan.FromSeconds(4));
        ListeningPeer late = update.Subscribe("late");
        Assert.That(late.Last(Prepare).TimeLeft, Is.EqualTo(TimeSpan.FromSeconds(6)));
        update.Say(one, Ready);
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Preparing));
        update.Say(late, Ready);
        await update.Coordinator.Going;
        Assert.That(late.Kinds, Is.EqualTo(new[] { Done, Prepare, Go }));
    }

    [Test]
    public async Task What_is_said_twice_or_of_another_update_or_by_a_stranger_changes_nothing()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        update.Subscribe("other");
        ListeningPeer initiator = update.Start();
        update.Say(one, Ready);
        int events = initiator.Told.Count;
        update.Say(one, Ready);
        update.Say(one, Ready, update: 2);
        update.Say(one, Claimed);
        update.Say(one, Finished);
        update.Say(initiator, Ready);
        update.Say(update.Connect(), Refuse);
        Assert.That(initiator.Told, Has.Count.EqualTo(events));
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Preparing));
    }

    [Test]
    public async Task A_second_start_is_refused_in_every_phase()
    {
        await using var update = new CoordinatorFixture();
        var over = new TaskCompletionSource();
        update.Host.HandingOver = (_, _) => over.Task;
        ListeningPeer one = update.Subscribe("one"), initiator = update.Start();
        LiveUpdateException refusal = Refused.With(LiveUpdateError.Busy, () => update.Start());
        Assert.That(refusal.Message, Does.Contain("Update 1").And.Contain("prepare"));
        update.Say(one, Ready);
        Refused.With(LiveUpdateError.Busy, () => update.Start());
        over.SetResult();
        await update.Coordinator.Going;
        Refused.With(LiveUpdateError.Busy, () => update.Start());
        await using CoordinatorFixture successor = update.Succeed(one, initiator);
        Refused.With(LiveUpdateError.Busy, () => successor.Start());
    }

    [Test]
    public async Task It_can_be_called_off_while_it_is_prepared_and_not_later()
    {
        await using var update = new CoordinatorFixture();
        var over = new TaskCompletionSource();
        update.Host.HandingOver = (_, _) => over.Task;
        ListeningPeer one = update.Subscribe("one");
        Refused.With(LiveUpdateError.NotFound, () => update.Cancel(1));
        ListeningPeer initiator = update.Start();
        Refused.With(LiveUpdateError.NotFound, () => update.Cancel(2));
        update.Cancel(1);
        Assert.That((one.Last(CalledOff).Error, initiator.Last(CalledOff).Error), Is.EqualTo((LiveUpdateError.Canceled, LiveUpdateError.Canceled)));
        Refused.With(LiveUpdateError.NotFound, () => update.Cancel(1));
        update.Start();
        update.Say(one, Ready, update: 2);
        Refused.With(LiveUpdateError.Busy, () => update.Cancel(2));
        over.SetResult();
        await update.Coordinator.Going;
    }

    [TestCase(LiveUpdateError.NoSpace)]
    [TestCase(LiveUpdateError.InputOutput)]
    public async Task A_hand_over_that_fails_is_called_off_and_everything_goes_on(LiveUpdateError error)
    {
        await using var update = new CoordinatorFixture();
        update.Host.HandingOver = (_, _) => error == LiveUpdateError.InputOutput
            ? throw new InvalidOperationException("no room")
            : throw new LiveUpdateException(error, "no room");
        ListeningPeer one = update.Subscribe("one"), initiator = update.Start();
        update.Say(one, Ready);
        await update.Coordinator.Going;
        Assert.That(update.Host.Resumed, Is.EqualTo(1));
        Assert.That(one.Kinds, Is.EqualTo(new[] { Done, Prepare, Go, CalledOff }));
        Assert.That((initiator.Last(CalledOff).Error, initiator.Last(CalledOff).Text), Is.EqualTo((error, "no room")));
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
        update.Start();
        Assert.That(one.Last(Prepare).Number, Is.EqualTo(2));
    }

    [Test]
    public async Task Requests_that_do_not_end_call_it_off()
    {
        await using var update = new CoordinatorFixture();
        var pausing = new TaskCompletionSource();
        update.Host.Pausing = token =>
        {
            pausing.SetResult();
            return Task.Delay(Timeout.Infinite, token);
        };
        ListeningPeer one = update.Subscribe("one");
        update.Start();
        update.Say(one, Ready);
        await pausing.Task;
        update.Clock.Advance(UpdateCoordinator.BarrierTime);
        await update.Coordinator.Going;
        Assert.That(one.Kinds, Is.EqualTo(new[] { Done, Prepare, CalledOff }));
        Assert.That(one.Last(CalledOff).Error, Is.EqualTo(LiveUpdateError.TimedOut));
        Assert.That(update.Host.Resumed, Is.EqualTo(1));
    }

    [Test]
    public async Task It_goes_on_without_who_started_it()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), initiator = update.Start();
        update.Coordinator.Leave(initiator);
        int told = initiator.Told.Count;
        update.Say(one, Ready);
        await update.Coordinator.Going;
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.HandedOver));
        Assert.That(initiator.Told, Has.Count.EqualTo(told));
    }

    [Test]
    public async Task An_agent_that_stops_calls_off_what_is_prepared()
    {
        var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        update.Start();
        await update.DisposeAsync();
        Assert.That(one.Last(CalledOff).Error, Is.EqualTo(LiveUpdateError.Shutdown));
        Refused.With(LiveUpdateError.Shutdown, () => update.Start());
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task An_agent_that_stops_ends_a_hand_over_or_a_pause(bool isPausing)
    {
        var update = new CoordinatorFixture();
        var begun = new TaskCompletionSource();
        async Task Wait(CancellationToken token)
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        }

        if (isPausing)
            update.Host.Pausing = Wait;
        else
            update.Host.HandingOver = (_, token) => Wait(token);
        ListeningPeer one = update.Subscribe("one");
        update.Start();
        update.Say(one, Ready);
        await begun.Task;
        await update.DisposeAsync();
        Assert.That(one.Last(CalledOff).Error, Is.EqualTo(LiveUpdateError.Shutdown));
        Assert.That(update.Host.Resumed, Is.EqualTo(1));
    }

    [TestCase("")]
    [TestCase("a\u0007b")]
    [TestCase("\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4")]
    public async Task A_name_that_cannot_be_is_refused(string name)
    {
        await using var update = new CoordinatorFixture();
        Refused.With(LiveUpdateError.InvalidArgument, () => update.Subscribe(name));
        Assert.That(update.Host.Events, Is.Empty);
    }

    [Test]
    public async Task A_connection_subscribes_once_and_a_name_is_not_unique()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one");
        Refused.With(LiveUpdateError.Exists, () => update.Say(one, new UpdateRequest(Subscribe) { Name = "again" }));
        update.Subscribe("one");
        Assert.That(update.Coordinator.Describe(Status()).Subscribers.Select(static member => member.Name), Is.EqualTo(new[] { "one", "one" }));
    }

    [TestCase(0, 1000)]
    [TestCase(1000, 0)]
    [TestCase(86_400_001, 1000)]
    [TestCase(1000, 86_400_001)]
    public async Task Times_out_of_range_are_refused(int prepare, int claim)
    {
        await using var update = new CoordinatorFixture();
        var start = new UpdateRequest(Start) { PrepareTime = TimeSpan.FromMilliseconds(prepare), ClaimTime = TimeSpan.FromMilliseconds(claim) };
        Refused.With(LiveUpdateError.InvalidArgument, () => update.Say(update.Connect(), start));
        Assert.That(update.Coordinator.Phase, Is.EqualTo(AgentUpdatePhase.Idle));
    }

    [Test]
    public async Task Who_watches_hears_where_it_is_and_then_everything_once()
    {
        await using var update = new CoordinatorFixture();
        ListeningPeer one = update.Subscribe("one"), initiator = update.Watch();
        Assert.That(initiator.Events.Single(), Is.EqualTo(new AgentEvent { Kind = AgentEventKind.Phase, Phase = "idle" }));
        update.Start(peer: initiator);
        ListeningPeer late = update.Watch();
        Assert.That((late.Events.Single().Phase, late.Events.Single().Update), Is.EqualTo(("prepare", 1UL)));
        update.Say(one, Ready);
        await update.Coordinator.Going;
        Assert.That(late.Events.Skip(1), Is.EqualTo(initiator.Events.TakeLast(3)));
        Assert.That(initiator.Events.Skip(1), Is.EqualTo(update.Host.Events.Skip(1)));
        update.Coordinator.Leave(late);
    }

    private static AgentStatus Status() => new() { Agent = new AgentInfo(1, 1, "managed", false, 0) };
}
