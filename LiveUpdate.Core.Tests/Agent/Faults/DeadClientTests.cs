using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Clients that are killed between any two of their messages: nothing of theirs stays in the way, and nothing is lost.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class DeadClientTests
{
    private const uint User = 12_345;
    private const uint Another = 12_346;

    [Test]
    public async Task What_a_client_had_preserved_is_free_whenever_it_dies()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync();
        string[] steps = ["open", "create c", "preserve c 1", "preserve c 2", "close c"];
        WorkerProcess[] workers = await WorkerProcess.StartAsync(steps.Length, luod.Directory);
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        for (int last = 0; last < steps.Length; last++)
        {
            await using WorkerProcess worker = workers[last];
            TestMemfd[] files = [new(), new()];
            foreach (string step in steps[..(last + 1)])
                await worker.DoAsync(step.StartsWith("preserve", StringComparison.Ordinal) ? $"{step} {PathOf(files[step[^1] - '1'])}" : step);
            await worker.KillAsync();
            using Session session = await Eventually.GetAsync(() => device.CreateSession("c"), LiveUpdateError.Exists);
            foreach ((int index, TestMemfd file) in files.Index())
                Assert.That(() => session.Preserve((ulong)index, file.Handle), Throws.Nothing, $"What goes with a session is free when its name is: {steps[last]}");
            session.Close();
            Array.ForEach(files, static file => file.Handle.Dispose());
        }
    }

    [Test]
    public async Task What_came_for_a_client_that_dies_waits_for_its_user()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync("--mode", "0666");
        string[] steps = ["retrieve", "read", "finish"];
        WorkerProcess[] all = await Task.WhenAll(
            [.. steps.Select(_ => WorkerProcess.StartAsync(luod.Directory, User)), WorkerProcess.StartAsync(luod.Directory, User), WorkerProcess.StartAsync(luod.Directory, Another)]);
        await using WorkerProcess same = all[^2];
        await using WorkerProcess other = all[^1];
        foreach (string step in steps)
        {
            await same.DoAsync($"create {step}");
            await same.DoAsync($"preserve {step} 1 {step}-text");
        }

        await using AgentClient client = await luod.ConnectAsync();
        await client.UpdateAsync();
        for (int last = 0; last < steps.Length; last++)
        {
            await using WorkerProcess worker = all[last];
            string name = steps[last];
            string[] answers = new string[last + 1];
            for (int step = 0; step <= last; step++)
                answers[step] = await worker.AskAsync(steps[step] == "read" ? $"read {name} 1" : $"{steps[step]} {name}");
            Assert.That(answers, Is.EqualTo(((string[])["done", $"{name}-text", "done"])[..(last + 1)]), name);
            await worker.KillAsync();
        }

        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        await Eventually.DoesAsync(() => Refusal(device, "finish") == LiveUpdateError.NotFound);
        foreach (string name in steps[..2])
        {
            Assert.That(await other.AskAsync($"retrieve {name}"), Is.EqualTo("AccessDenied"));
            await Eventually.DoesAsync(() => same.AskAsync($"retrieve {name}").Result == "done");
            Assert.That(await same.AskAsync($"read {name} 1"), Is.EqualTo($"{name}-text"));
        }

        Assert.That(Refusal(device, "read"), Is.EqualTo(LiveUpdateError.InvalidArgument), "It is open.");
        await same.KillAsync();
        using Session session = await Eventually.GetAsync(() => device.RetrieveSession("read"), LiveUpdateError.InvalidArgument);
        using var file = session.Retrieve<SafeFileHandle>(1);
        Assert.That(TestMemfd.Read(file), Does.StartWith("read-text"), "Root may.");
        session.Finish();
    }

    [Test]
    public async Task An_update_does_not_wait_for_subscribers_that_die()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync();
        string[] steps = ["connected", "subscribed", "preparing", "ready", "going", "updated", "claimed", "finished"];
        WorkerProcess[] workers = await WorkerProcess.StartAsync(steps.Length, luod.Directory);
        await using WorkerProcess last = workers[^1];
        for (int i = 0; i < steps.Length; i++)
            await workers[i].DoAsync(i == 0 ? "connect" : $"subscribe {steps[i]}");
        await workers[0].KillAsync();
        await workers[1].KillAsync();
        await using AgentClient client = await luod.ConnectAsync();
        Task<AgentUpdateResult> update = client.UpdateAsync();
        foreach (WorkerProcess worker in workers[2..])
            Assert.That(await worker.HearAsync(), Is.EqualTo("prepare"));
        await workers[2].KillAsync();
        await workers[3].DoAsync("go-on");
        await workers[3].KillAsync();
        foreach (WorkerProcess worker in workers[4..])
            await worker.DoAsync("go-on");
        foreach (WorkerProcess worker in workers[4..])
            Assert.That(await worker.HearAsync(), Is.EqualTo("go"));
        await workers[4].KillAsync();
        foreach (WorkerProcess worker in workers[5..])
            Assert.That(await worker.HearAsync(), Is.EqualTo("updated"));
        await workers[5].KillAsync();
        await workers[6].DoAsync("go-on");
        Assert.That(await workers[6].HearAsync(), Is.EqualTo("claimed"));
        await workers[6].KillAsync();
        await last.DoAsync("go-on");
        await last.DoAsync("go-on");
        AgentUpdateResult result = await update;
        Assert.That(result.Unfinished, Is.EquivalentTo(new[] { "going", "updated", "claimed" }));
        Assert.That((await client.GetStatusAsync()).Phase, Is.EqualTo(AgentUpdatePhase.Idle));
        foreach (WorkerProcess worker in workers)
            await worker.DisposeAsync();
    }

    private static LiveUpdateError Refusal(AgentDevice device, string name)
    {
        try
        {
            device.RetrieveSession(name).Dispose();
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            return exception.Error;
        }
    }

    private static string PathOf(TestMemfd file) => $"/proc/{Environment.ProcessId}/fd/{file.Handle.DangerousGetHandle()}";
}
