using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>A subscriber that never answers: the update is called off, or goes on without it.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class SilentSubscriberTests
{
    [Test]
    public async Task It_calls_the_update_off_by_its_name_or_is_left_behind()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync();
        await using AgentClient silent = await luod.ConnectAsync();
        await using AgentClient good = await luod.ConnectAsync();
        await using AgentClient client = await luod.ConnectAsync();
        var told = new ToldSubscriber();
        await silent.SubscribeAsync("the silent one", new SilentSubscriber());
        await good.SubscribeAsync("the good one", told);
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        using Session session = device.CreateSession("s");
        var options = new AgentUpdateOptions { PrepareTime = TimeSpan.FromSeconds(2), ClaimTime = TimeSpan.FromSeconds(30) };
        LiveUpdateException? refusal = await Assert.ThrowsAsync<LiveUpdateException>(() => client.UpdateAsync(options));
        Assert.That(refusal!.Error, Is.EqualTo(LiveUpdateError.TimedOut));
        Assert.That(refusal.Message, Does.Contain("the silent one").And.Not.Contain("the good one"));
        await Eventually.DoesAsync(() => told.CalledOff == 1);
        Assert.That(session.IsIncoming, Is.False);
        var file = new TestMemfd();
        using (file.Handle)
            session.Preserve(1, file.Handle);

        AgentUpdateResult result = await client.UpdateAsync(new AgentUpdateOptions { PrepareTime = options.PrepareTime, ClaimTime = options.ClaimTime, LeavesSilentBehind = true });
        Assert.That((result.Generation, told.CalledOff), Is.EqualTo((1ul, 1)));
        Assert.That(result.Unfinished, Is.EqualTo(new[] { "the silent one" }));
        await Eventually.DoesAsync(() => told.Claimed == 1);
        Refused.With(LiveUpdateError.Shutdown, session.Finish);
        using Session claimed = device.RetrieveSession("s");
        claimed.Finish();
    }

    private sealed class SilentSubscriber : AgentSubscriber
    {
        // Of no use to the token that says that the time is over: a client that heeded it would refuse.
        public override ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken) =>
            new(Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None));
    }
}
