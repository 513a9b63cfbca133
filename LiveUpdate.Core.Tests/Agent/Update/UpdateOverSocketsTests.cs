using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>Whole updates over real sockets, into a successor that goes on with the same connections, and after the agent's death.</summary>
[SupportedOSPlatform("linux")]
[Platform(Include = "Linux", Reason = "Unix sockets as Linux has them.")]
[Parallelizable(ParallelScope.All)]
internal sealed class UpdateOverSocketsTests
{
    [Test]
    public async Task Three_programs_prepare_go_and_get_theirs_back_from_a_successor()
    {
        await using var lab = new UpdateLab();
        lab.Host.HandingOver = async (phase, token) =>
        {
            phase("freeze");
            await lab.SucceedAsync(token);
        };
        var programs = new List<(AgentClient Client, RecordingSubscriber Subscriber)>();
        for (int i = 0; i < 3; i++)
        {
            var subscriber = new RecordingSubscriber();
            AgentClient client = await lab.ConnectAsync();
            await client.SubscribeAsync($"program {i}", subscriber);
            programs.Add((client, subscriber));
        }

        programs[1].Subscriber.Claiming = static (claim, _) =>
        {
            claim.Claimed();
            claim.Claimed();
            return Task.CompletedTask;
        };
        await using AgentClient operator1 = await lab.ConnectAsync();
        var progress = new ListProgress();
        AgentUpdateResult result = await operator1.UpdateAsync(progress: progress).WaitAsync(UpdateLab.Limit);
        foreach ((AgentClient client, RecordingSubscriber subscriber) in programs)
        {
            string[] calls = [await subscriber.NextAsync(), await subscriber.NextAsync(), await subscriber.NextAsync()];
            Assert.That(calls, Is.EqualTo(new[] { "prepare 1", "go 1", "claim 1 8" }));
            Assert.That((await client.GetStatusAsync()).Agent.Generation, Is.EqualTo(8), "the connection goes on");
        }

        Assert.That((result.Update, result.Generation), Is.EqualTo((1UL, 8UL)));
        Assert.That(result.Unfinished, Is.Empty);
        Assert.That(result.Phases.Select(static phase => phase.Name), Is.EqualTo(new[] { "prepare", "barrier", "hand-over", "freeze", "claim" }));
        Assert.That(result.Phases.Select(static phase => phase.Start), Is.Ordered);
        Assert.That(result.Phases[^1].Start + result.Phases[^1].Duration, Is.EqualTo(result.Duration));
        Assert.That(result.Subscribers.Select(static subscriber => subscriber.Name), Is.EquivalentTo(new[] { "program 0", "program 1", "program 2" }));
        foreach (AgentSubscriberResult subscriber in result.Subscribers)
        {
            Assert.That((subscriber.State, subscriber.IsSilent), Is.EqualTo((AgentSubscriberState.Finished, false)));
            Assert.That(new[] { subscriber.ReadyAfter, subscriber.ClaimedAfter, subscriber.FinishedAfter }, Is.Ordered.And.No.Null);
        }

        Assert.That(progress.Events[^1].Kind, Is.EqualTo(AgentEventKind.Over));

        // The second update, from the successor.
        result = await operator1.UpdateAsync().WaitAsync(UpdateLab.Limit);
        Assert.That((result.Update, result.Generation, result.Subscribers.Count), Is.EqualTo((2UL, 9UL, 3)));
        await lab.EndPredecessorsAsync();
        foreach ((AgentClient client, _) in programs)
        {
            Assert.That((await client.GetStatusAsync()).Agent.Generation, Is.EqualTo(9), "the end of a predecessor closes nothing");
            await client.DisposeAsync();
        }
    }

    [Test]
    public async Task A_program_that_refuses_calls_it_off_and_says_why()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync(), other = await lab.ConnectAsync();
        var willing = new RecordingSubscriber();
        var refusing = new RecordingSubscriber { Preparing = static (_, _) => throw new InvalidOperationException("a disk is busy") };
        await client.SubscribeAsync("willing", willing);
        await other.SubscribeAsync("refusing", refusing);
        LiveUpdateException refusal = await AgentClientTests.Refuses(LiveUpdateError.Busy, client.UpdateAsync());
        Assert.That(refusal.Message, Does.StartWith("The subscriber \"refusing\" refuses: a disk is busy"));
        foreach (RecordingSubscriber subscriber in new[] { willing, refusing })
        {
            Assert.That(await subscriber.NextAsync(), Is.EqualTo("prepare 1"));
            Assert.That(await subscriber.NextAsync(), Is.EqualTo("called off 1 Busy"));
        }
    }

    [Test]
    public async Task A_program_that_is_not_ready_in_time_is_cancelled_and_named()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        bool wasCancelled = false;
        var slow = new RecordingSubscriber
        {
            Preparing = async (preparation, token) =>
            {
                Assert.That(preparation.TimeLeft, Is.LessThanOrEqualTo(TimeSpan.FromMilliseconds(50)));
                using CancellationTokenRegistration registration = token.Register(() => wasCancelled = true);
                await Task.Delay(Timeout.Infinite, token);
            },
        };
        await client.SubscribeAsync("slow", slow);
        LiveUpdateException refusal = await AgentClientTests.Refuses(
            LiveUpdateError.TimedOut, client.UpdateAsync(new AgentUpdateOptions { PrepareTime = TimeSpan.FromMilliseconds(50) }));
        Assert.That(refusal.Message, Does.Contain("slow"));
        Assert.That(await slow.NextAsync(), Is.EqualTo("prepare 1"));
        Assert.That(await slow.NextAsync(), Is.EqualTo("called off 1 TimedOut"));
        Assert.That(wasCancelled, Is.True);
    }

    [Test]
    public async Task A_program_that_dies_before_it_is_ready_is_not_waited_for()
    {
        await using var lab = new UpdateLab();
        lab.Host.HandingOver = (_, token) => lab.SucceedAsync(token);
        await using AgentClient client = await lab.ConnectAsync();
        using RawUpdateClient dying = lab.ConnectRaw();
        dying.SayHello();
        dying.Send(new UpdateRequest(UpdateMessageKind.Subscribe) { Number = 2, Name = "dying" });
        Assert.That(dying.Read()!.Kind, Is.EqualTo(UpdateMessageKind.Done));
        Task<AgentUpdateResult> update = client.UpdateAsync();
        Assert.That(dying.Read()!.Kind, Is.EqualTo(UpdateMessageKind.Prepare));
        dying.Dispose();
        AgentUpdateResult result = await update.WaitAsync(UpdateLab.Limit);
        Assert.That(result.Subscribers.Single().State, Is.EqualTo(AgentSubscriberState.Gone));
        Assert.That(result.Unfinished, Is.Empty, "it took no part");
    }

    [Test]
    public async Task Who_cancels_calls_it_off_while_that_is_possible()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        var subscriber = new RecordingSubscriber { Preparing = static (_, token) => Task.Delay(Timeout.Infinite, token) };
        await client.SubscribeAsync("one", subscriber);
        using var cancel = new CancellationTokenSource();
        Task update = client.UpdateAsync(cancellationToken: cancel.Token);
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("prepare 1"));
        await cancel.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => update.WaitAsync(UpdateLab.Limit));
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("called off 1 Canceled"));

        // From another connection, by number.
        await using AgentClient other = await lab.ConnectAsync();
        update = client.UpdateAsync();
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("prepare 2"));
        await AgentClientTests.Refuses(LiveUpdateError.Busy, other.UpdateAsync());
        await AgentClientTests.Refuses(LiveUpdateError.NotFound, other.CancelUpdateAsync(1));
        await other.CancelUpdateAsync((await other.GetStatusAsync()).Update);
        await AgentClientTests.Refuses(LiveUpdateError.Canceled, update);
    }

    [Test]
    public async Task Who_cancels_too_late_gets_the_result()
    {
        await using var lab = new UpdateLab();
        using var cancel = new CancellationTokenSource();
        lab.Host.HandingOver = async (_, token) =>
        {
            await cancel.CancelAsync();
            await lab.SucceedAsync(token);
        };
        await using AgentClient client = await lab.ConnectAsync();
        AgentUpdateResult result = await client.UpdateAsync(cancellationToken: cancel.Token).WaitAsync(UpdateLab.Limit);
        Assert.That(result.Generation, Is.EqualTo(8));
    }

    [Test]
    public async Task A_hand_over_that_fails_after_everything_was_brought_to_rest_leaves_everything_as_it_was()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync(), other = await lab.ConnectAsync();
        var subscriber = new RecordingSubscriber();
        await client.SubscribeAsync("one", subscriber);
        Task<AgentStatus>? asked = null;
        lab.Host.HandingOver = async (phase, token) =>
        {
            await lab.Server.SaveAsync(token);
            asked = other.GetStatusAsync(CancellationToken.None);
            phase("freeze");
            throw new LiveUpdateException(LiveUpdateError.NoSpace, "no room");
        };
        var progress = new ListProgress();
        await AgentClientTests.Refuses(LiveUpdateError.NoSpace, client.UpdateAsync(progress: progress));
        Assert.That(progress.Events.Select(static happened => happened.Phase), Has.Member("freeze"), "what could not be sent was sent later");
        Assert.That((await asked!.WaitAsync(UpdateLab.Limit)).Agent.Generation, Is.EqualTo(7));
        string[] calls = [await subscriber.NextAsync(), await subscriber.NextAsync(), await subscriber.NextAsync()];
        Assert.That(calls, Is.EqualTo(new[] { "prepare 1", "go 1", "called off 1 NoSpace" }));
        Assert.That(lab.Host.Resumed, Is.EqualTo(1));
        lab.Host.HandingOver = (_, token) => lab.SucceedAsync(token);
        Assert.That((await client.UpdateAsync().WaitAsync(UpdateLab.Limit)).Update, Is.EqualTo(2));
    }

    [Test]
    public async Task What_is_said_while_everything_is_at_rest_the_successor_hears()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        using RawUpdateClient raw = lab.ConnectRaw();
        raw.SayHello();
        lab.Host.HandingOver = async (_, token) =>
        {
            byte[] saved = await lab.Server.SaveAsync(token);
            Assert.That(saved, Is.Not.Empty);

            // Half a message, the rest of which the successor gets.
            byte[] status = new UpdateRequest(UpdateMessageKind.Status) { Number = 77 }.Write();
            raw.Send(status[..3]);
            await lab.SucceedAsync(token);
            raw.Send(status[3..]);
        };
        await client.UpdateAsync().WaitAsync(UpdateLab.Limit);
        UpdateNotice? answer = raw.Read();
        Assert.That((answer?.Number, answer?.Status?.Agent.Generation), Is.EqualTo(((ulong?)77, (ulong?)8)));
    }

    [Test]
    public async Task Who_connects_while_everything_is_at_rest_is_greeted_by_the_successor()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        Task<AgentClient>? connecting = null;
        lab.Host.HandingOver = async (_, token) =>
        {
            byte[] saved = await lab.Server.SaveAsync(token);
            Assert.That(UpdateSaved.Read(saved).Expected, Is.Empty);
            connecting = lab.ConnectAsync();
            Worker.Until(() => lab.Server.Sockets.Count == 2);
            lab.Succeed(saved);
        };
        await client.UpdateAsync().WaitAsync(UpdateLab.Limit);
        await using AgentClient late = await connecting!;
        Assert.That(late.Agent.Generation, Is.EqualTo(8));
    }

    [Test]
    public async Task What_a_predecessor_says_that_cannot_be_read_is_refused_and_the_sockets_closed()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient raw = lab.ConnectRaw();
        raw.SayHello();
        Refused.With(LiveUpdateError.Protocol, () => lab.Succeed([0x90]));
        await lab.EndPredecessorsAsync();
        Assert.That(raw.Read(), Is.Null);
    }

    [Test]
    public async Task A_program_that_is_silent_after_the_update_is_named_when_the_time_is_over()
    {
        await using var lab = new UpdateLab();
        lab.Host.HandingOver = (_, token) => lab.SucceedAsync(token);
        await using AgentClient client = await lab.ConnectAsync();
        var failing = new RecordingSubscriber { Claiming = static (_, _) => throw new InvalidOperationException("nothing there") };
        await client.SubscribeAsync("failing", failing);
        AgentUpdateResult result = await client.UpdateAsync(new AgentUpdateOptions { ClaimTime = TimeSpan.FromMilliseconds(100) }).WaitAsync(UpdateLab.Limit);
        Assert.That(result.Unfinished, Is.EqualTo(new[] { "failing" }));
        Assert.That(result.Subscribers.Single().IsSilent, Is.True);
        string[] calls = [await failing.NextAsync(), await failing.NextAsync(), await failing.NextAsync(), await failing.NextAsync()];
        Assert.That(calls, Is.EqualTo(new[] { "prepare 1", "go 1", "claim 1 8", "failed nothing there" }));
    }

    [Test]
    public async Task A_watch_sees_two_updates_through()
    {
        await using var lab = new UpdateLab();
        lab.Host.HandingOver = (_, token) => lab.SucceedAsync(token);
        await using AgentClient client = await lab.ConnectAsync(), watcher = await lab.ConnectAsync();
        IAsyncEnumerator<AgentEvent> events = watcher.WatchAsync().GetAsyncEnumerator();
        Assert.That(await events.MoveNextAsync(), Is.True);
        Assert.That(events.Current.Phase, Is.EqualTo("idle"));
        for (ulong update = 1; update <= 2; update++)
        {
            await client.UpdateAsync().WaitAsync(UpdateLab.Limit);
            var seen = new List<string>();
            do
            {
                Assert.That(await events.MoveNextAsync().AsTask().WaitAsync(UpdateLab.Limit), Is.True);
                Assert.That(events.Current.Update, Is.EqualTo(update));
                seen.Add($"{events.Current.Kind} {events.Current.Phase}");
            }
            while (events.Current.Kind != AgentEventKind.Over);
            Assert.That(seen, Is.EqualTo(new[] { "Phase prepare", "Phase barrier", "Phase hand-over", "Phase claim", "Over claim" }));
        }

        await events.DisposeAsync();
    }

    [Test]
    public async Task After_the_agent_died_a_client_subscribes_watches_and_asks_again()
    {
        await using var lab = new UpdateLab();
        var log = new ListLogger(Microsoft.Extensions.Logging.LogLevel.Warning);
        await using AgentClient client = await lab.ConnectAsync(new AgentClientOptions { Logger = log }), loading = await lab.ConnectAsync();
        var subscriber = new RecordingSubscriber { Preparing = static (_, token) => Task.Delay(Timeout.Infinite, token) };
        await client.SubscribeAsync("one", subscriber);
        IAsyncEnumerator<AgentEvent> events = client.WatchAsync().GetAsyncEnumerator();
        Assert.That(await events.MoveNextAsync(), Is.True);

        // Two requests that the agent has taken when it dies, and one that lies in the socket.
        using var died = new ManualResetEventSlim();
        using var taken = new CountdownEvent(2);
        void Die()
        {
            if (died.IsSet || taken.IsSet)
                return;
            taken.Signal();
            died.Wait(UpdateLab.Limit);
        }

        Task update = client.UpdateAsync();
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("prepare 1"));
        lab.Host.Findings = () =>
        {
            Die();
            return [];
        };
        lab.Host.Loading = _ => Die();
        Task<IReadOnlyList<PreflightFinding>> check = client.CheckAsync();
        Task load = loading.LoadKernelAsync(new KernelImage { Path = "/k", CommandLine = "" });
        Assert.That(taken.Wait(UpdateLab.Limit), Is.True);
        Task<AgentStatus> status = client.GetStatusAsync();
        lab.Host.Number = 12;
        await lab.CrashAsync(isStuck: true);
        Assert.That(await check.WaitAsync(UpdateLab.Limit), Is.Empty);
        Assert.That((await status.WaitAsync(UpdateLab.Limit)).Agent.Generation, Is.EqualTo(12));
        await AgentClientTests.Refuses(LiveUpdateError.Interrupted, load);
        await AgentClientTests.Refuses(LiveUpdateError.Interrupted, update);
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("called off 1 Interrupted"));
        Worker.Until(() => client.Agent.Generation == 12);
        subscriber.Preparing = static (_, _) => Task.CompletedTask;
        Worker.Until(() => client.GetStatusAsync().Result.Subscribers.Count == 1);
        Assert.That(log.Messages, Has.Some.StartsWith("The agent died and came back"));

        lab.Host.HandingOver = (_, token) => lab.SucceedAsync(token);
        await loading.UpdateAsync().WaitAsync(UpdateLab.Limit);
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("prepare 2"));
        do
            Assert.That(await events.MoveNextAsync().AsTask().WaitAsync(UpdateLab.Limit), Is.True);
        while (events.Current.Kind != AgentEventKind.Over);
        Assert.That(events.Current.Update, Is.EqualTo(2));
        died.Set();
        await events.DisposeAsync();
    }

    [Test]
    public async Task Before_it_was_greeted_a_client_bears_the_agents_death()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient raw = lab.ConnectRaw();
        Worker.Until(() => lab.Server.Sockets.Count == 1);
        await lab.CrashAsync();
        Assert.That(raw.Read()!.Kind, Is.EqualTo(UpdateMessageKind.Restarted));
        raw.SayHello();
        raw.SayHello();
    }

    [Test]
    public async Task A_client_subscribes_once_and_with_a_name()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => client.SubscribeAsync("", new RecordingSubscriber()));
        await Assert.ThrowsAsync<ArgumentException>(() => client.SubscribeAsync(new string('n', 64), new RecordingSubscriber()));
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.SubscribeAsync("one", null!));
        await client.SubscribeAsync("one", new RecordingSubscriber());
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.SubscribeAsync("one", new RecordingSubscriber()));
    }

    [Test]
    public async Task What_a_receiver_of_progress_throws_ends_nothing()
    {
        await using var lab = new UpdateLab();
        lab.Host.HandingOver = (_, token) => lab.SucceedAsync(token);
        await using AgentClient client = await lab.ConnectAsync();
        var progress = new ListProgress(static _ => throw new InvalidOperationException("no"));
        await client.UpdateAsync(progress: progress).WaitAsync(UpdateLab.Limit);
        Assert.That(progress.Events, Has.Count.GreaterThan(3));
    }
}
