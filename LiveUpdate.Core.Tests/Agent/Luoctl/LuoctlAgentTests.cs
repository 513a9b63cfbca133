using System.Runtime.Versioning;
using System.Text.Json;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>luoctl's commands against an agent.</summary>
[Platform("Linux", Reason = "An agent listens at Unix sockets and holds memfds.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
internal sealed class LuoctlAgentTests
{
    [Test]
    public async Task Status_sessions_and_files_are_those_of_the_agent()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        await using AgentClient program = await SubscribeAsync(world, "vm-1", new SlowSubscriber());
        using AgentDevice device = AgentDevice.Connect(world.Directory);
        using Session session = device.CreateSession("memory");
        var memfd = new TestMemfd();
        using (memfd.Handle)
        {
            memfd.Write("12345");
            session.Preserve(7, memfd.Handle);
        }

        (int code, string text, string errors) = await world.RunAsync("status");
        Assert.That((code, errors), Is.EqualTo((0, "")));
        Assert.That(text, Does.Contain($"managed, process {Environment.ProcessId}").And.Contain("1 outgoing, 0 incoming (0 parked)").And.Contain("1, 5 B"));
        Assert.That(text, Does.Contain("vm-1     subscribed"));
        JsonElement status = await JsonAsync(world, "status", "--json");
        Assert.That(status.GetProperty("processId").GetInt32(), Is.EqualTo(Environment.ProcessId));
        Assert.That(status.GetProperty("subscribers")[0].GetProperty("name").GetString(), Is.EqualTo("vm-1"));

        (_, string sessions, _) = await world.RunAsync("sessions");
        Assert.That(sessions.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries), Is.SupersetOf(new[] { "outgoing", "memory", "open", "1", "5" }));
        (_, string files, _) = await world.RunAsync("inspect", "memory");
        Assert.That(files, Does.StartWith("outgoing session memory: 1 file\n").And.Contain("0x7").And.Contain("5 B").And.Not.Contain("incoming"));
        JsonElement inspection = await JsonAsync(world, "inspect", "memory", "--json");
        Assert.That(inspection.GetProperty("outgoing")[0].GetProperty("token").GetUInt64(), Is.EqualTo(7));
        Assert.That(inspection.TryGetProperty("incoming", out _), Is.False);
    }

    [Test]
    public async Task Status_refreshes_on_a_terminal_until_it_is_interrupted()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        using var interrupt = new CancellationTokenSource();
        LuoctlRun status = LuoctlRun.StartOnTerminal(interrupt.Token, "-d", world.Directory, "status");
        await status.Output.WaitForAsync("idle");
        await using (await SubscribeAsync(world, "vm-1", new SlowSubscriber()))
            await status.Output.WaitForAsync("vm-1");
        await interrupt.CancelAsync();
        Assert.That((await status.Ended, status.Errors.ToString()), Is.EqualTo((130, "")));
        LuoctlRun once = LuoctlRun.StartOnTerminal(CancellationToken.None, "-d", world.Directory, "status", "--once");
        Assert.That(await once.Ended, Is.Zero);
    }

    [Test]
    public async Task Status_that_refreshes_ends_with_the_agent()
    {
        LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        LuoctlRun status;
        await using (world)
        {
            status = LuoctlRun.StartOnTerminal(CancellationToken.None, "-d", world.Directory, "status");
            await status.Output.WaitForAsync("idle");
        }

        Assert.That(await status.Ended, Is.EqualTo(3));
        Assert.That(status.Errors.ToString(), Does.StartWith("luoctl: status: ").And.Contain("ECONNRESET"));
    }

    [Test]
    public async Task Check_that_blocks_exits_with_4()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartBlockedAsync();
        (int code, string text, _) = await world.RunAsync("check");
        Assert.That(code, Is.EqualTo(4));
        Assert.That(text, Does.StartWith("blocking: agent-without-updates\n").And.EndWith("An update would be refused.\n"));
        (code, string json, _) = await world.RunAsync("check", "--json");
        Assert.That(code, Is.EqualTo(4));
        Assert.That(JsonDocument.Parse(json).RootElement.GetProperty("blocked").GetBoolean());
        (code, _, string errors) = await world.RunAsync("update");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(errors, Does.StartWith("luoctl: update: ").And.Contain("agent-without-updates"));
    }

    [Test]
    public async Task Check_that_finds_nothing_exits_with_0()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        (int code, string json, _) = await world.RunAsync("check", "--json");
        Assert.That((code, JsonDocument.Parse(json).RootElement.GetProperty("blocked").GetBoolean()), Is.EqualTo((0, false)));
    }

    [Test]
    public async Task Update_that_a_program_refuses_is_called_off()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        var subscriber = new SlowSubscriber();
        await using AgentClient program = await SubscribeAsync(world, "vm-1", subscriber);
        subscriber.Refuse("the disk is full");
        (int code, string text, string errors) = await world.RunAsync("update");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(text, Does.Contain("update 1: prepare\n").And.Contain("vm-1 (0) is preparing").And.Contain("called off, EBUSY"));
        Assert.That(errors, Does.StartWith("luoctl: update: ").And.Contain("the disk is full").And.Contain("EBUSY"));
        Assert.That(errors.Count(character => character == '\n'), Is.EqualTo(1), "an error is a line");
    }

    [Test]
    public async Task Update_is_a_line_of_json_for_each_event()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        await using AgentClient program = await SubscribeAsync(world, "vm-1", new SlowSubscriber());
        (int code, string text, string errors) = await world.RunAsync("update", "--json", "--prepare-time", "50ms");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("ETIMEDOUT"));
        JsonElement[] lines = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.That(lines[0].GetProperty("phase").GetString(), Is.EqualTo("prepare"));
        JsonElement off = lines.Single(line => line.GetProperty("kind").GetString() == "called-off");
        Assert.That(off.GetProperty("error").GetString(), Is.EqualTo("ETIMEDOUT"));
    }

    [Test]
    public async Task Update_on_a_terminal_has_bars()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        var subscriber = new SlowSubscriber();
        await using AgentClient program = await SubscribeAsync(world, "vm-[1]", subscriber);
        LuoctlRun update = LuoctlRun.StartOnTerminal(CancellationToken.None, "-d", world.Directory, "update");
        await update.Output.WaitForAsync("prepare");
        await update.Output.WaitForAsync("vm-[1] preparing");
        subscriber.Refuse("not now");
        Assert.That(await update.Ended, Is.EqualTo(1));
        Assert.That(update.Output.ToString(), Does.Contain("vm-[1] refused").And.Contain("━"));
        Assert.That(update.Errors.ToString(), Does.Contain("not now"));
    }

    [Test]
    public async Task Interrupted_update_is_called_off_once()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        await using AgentClient program = await SubscribeAsync(world, "vm-1", new SlowSubscriber());
        using var interrupt = new CancellationTokenSource();
        LuoctlRun update = LuoctlRun.Start(interrupt.Token, "-d", world.Directory, "update");
        await update.Output.WaitForAsync("vm-1 (0) is preparing");
        await interrupt.CancelAsync();
        Assert.That(await update.Ended, Is.EqualTo(130));
        Assert.That(update.Errors.ToString(), Does.StartWith("luoctl: update: interrupted"));
        Assert.That((await JsonAsync(world, "status", "--json")).GetProperty("phase").GetString(), Is.EqualTo("idle"));
    }

    [Test]
    public async Task Cancel_calls_off_what_somebody_else_started()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        await using AgentClient program = await SubscribeAsync(world, "vm-1", new SlowSubscriber());
        (int code, _, string errors) = await world.RunAsync("cancel");
        Assert.That((code, errors), Is.EqualTo((1, "luoctl: cancel: No update is under way. (ENOENT)\n")));
        LuoctlRun update = LuoctlRun.Start(CancellationToken.None, "-d", world.Directory, "update");
        await update.Output.WaitForAsync("vm-1 (0) is preparing");
        (code, _, errors) = await world.RunAsync("update");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("EBUSY"));
        (code, string text, _) = await world.RunAsync("cancel", "--json");
        Assert.That((code, text), Is.EqualTo((0, "{\"canceled\":1}\n")));
        Assert.That(await update.Ended, Is.EqualTo(1));
        Assert.That(update.Errors.ToString(), Does.Contain("ECANCELED"));
    }

    [Test]
    public async Task Watch_shows_what_happens_until_it_is_interrupted()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        using var interrupt = new CancellationTokenSource();
        LuoctlRun text = LuoctlRun.Start(interrupt.Token, "-d", world.Directory, "watch");
        LuoctlRun json = LuoctlRun.Start(interrupt.Token, "-d", world.Directory, "watch", "--json");
        await text.Output.WaitForAsync("idle\n");
        await json.Output.WaitForAsync("\n");
        await using (await SubscribeAsync(world, "vm-1", new SlowSubscriber()))
            _ = await world.RunAsync("update", "--prepare-time", "20ms");
        await text.Output.WaitForAsync(" is gone\n");
        await json.Output.WaitForAsync("\"state\":\"gone\"}\n");
        await interrupt.CancelAsync();
        Assert.That((await text.Ended, await json.Ended), Is.EqualTo((130, 130)));
        string[] expected = ["is subscribed", "update 1: prepare", "is preparing", "called off, ETIMEDOUT", "is gone"];
        int[] places = [.. expected.Select(part => text.Output.ToString().IndexOf(part, StringComparison.Ordinal))];
        Assert.That(places, Is.Ordered.And.All.GreaterThanOrEqualTo(0), text.Output.ToString());
    }

    [Test]
    public async Task Load_is_refused_by_an_agent_that_replaces_no_kernel()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        (int code, string text, string errors) = await world.RunAsync("load", "/boot/vmlinuz", "--reuse-command-line");
        Assert.That((code, text), Is.EqualTo((1, "")));
        Assert.That(errors, Does.StartWith("luoctl: load: ").And.Contain("EOPNOTSUPP"));
    }

    [Test]
    public async Task Session_that_is_not_there_is_no_session_and_no_file()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        (int code, _, string errors) = await world.RunAsync("inspect", "nothing");
        Assert.That((code, errors), Is.EqualTo((1, "luoctl: inspect: \"nothing\" is no session of yours, outgoing or incoming, and no file. (ENOENT)\n")));
        (code, _, errors) = await world.RunAsync("inspect", new string('n', 64));
        Assert.That(code, Is.EqualTo(2));
        Assert.That(errors, Does.Contain("1 to 63 bytes"));
    }

    [Test]
    public async Task Names_of_sessions_are_completed()
    {
        await using LuoctlAgentWorld world = await LuoctlAgentWorld.StartAsync();
        using AgentDevice device = AgentDevice.Connect(world.Directory);
        using Session first = device.CreateSession("vm-1");
        using Session second = device.CreateSession("vm 2");
        string line = $"luoctl -d {world.Directory} inspect v";
        (int code, string text, _) = await LuoctlRun.OfAsync($"[suggest:{line.Length}]", line);
        Assert.That(code, Is.Zero);
        Assert.That(text.Split('\n'), Does.Contain("vm-1").And.Contain("vm 2"));
    }

    private static async Task<AgentClient> SubscribeAsync(LuoctlAgentWorld world, string name, AgentSubscriber subscriber)
    {
        AgentClient client = await AgentClient.ConnectAsync(world.Directory);
        await client.SubscribeAsync(name, subscriber);
        return client;
    }

    private static async Task<JsonElement> JsonAsync(LuoctlAgentWorld world, params string[] arguments)
    {
        (int code, string text, string errors) = await world.RunAsync(arguments);
        Assert.That((code, errors), Is.EqualTo((0, "")));
        return JsonDocument.Parse(text).RootElement;
    }
}
