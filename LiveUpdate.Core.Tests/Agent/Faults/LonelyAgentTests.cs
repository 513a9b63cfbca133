using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Agents without a store, of which there can be only one in a directory and on a device.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class LonelyAgentTests
{
    [Test]
    public async Task Without_a_store_everything_ends_with_the_agent_which_says_so_before_and_another_one_takes_its_place()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync();
        await using AgentClient client = await luod.ConnectAsync();
        Assert.That(client.Agent.KeepsState, Is.False);
        Assert.That((await client.CheckAsync()).Select(static finding => finding.Id), Does.Contain("agent-keeps-nothing"));
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        using Session session = device.CreateSession("s");
        LuodProcess.Kill(luod.ProcessId);
        LiveUpdateException lost = Refused.With(LiveUpdateError.ConnectionReset, session.Finish);
        Assert.That(lost.Message, Does.Contain("kept nothing"));
        Refused.With(LiveUpdateError.ConnectionReset, () => device.CreateSession("t"));
        Assert.That(async () => await client.Completion, Throws.TypeOf<LiveUpdateException>().With.Property(nameof(LiveUpdateException.Error)).EqualTo(LiveUpdateError.ConnectionReset));

        // Its sockets' files are there still.
        await using LuodProcess next = await LuodProcess.StartInAsync(luod.Directory);
        using AgentDevice another = AgentDevice.Connect(luod.Directory);
        another.CreateSession("s").Close();
    }

    [Test]
    public async Task A_second_agent_of_a_directory_is_refused_and_the_first_one_goes_on()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync();
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        using Session session = device.CreateSession("s");
        await using (LuodProcess second = LuodProcess.Start(luod.Directory))
        {
            Assert.That(await second.EndAsync(), Is.EqualTo(1));
            Assert.That(second.Log, Does.Contain("EADDRINUSE").And.Contain(Path.Combine(luod.Directory, "device")));
        }

        var file = new TestMemfd();
        using (file.Handle)
            session.Preserve(1, file.Handle);
        using AgentDevice another = AgentDevice.Connect(luod.Directory);
        await using AgentClient client = await luod.ConnectAsync();
        Assert.That(client.Agent.ProcessId, Is.EqualTo(luod.ProcessId));
        Assert.That(await luod.StopAsync(), Is.Zero);
        Assert.That(Directory.EnumerateFiles(luod.Directory), Is.Empty, "An agent that stops takes its sockets along.");
    }

    [Test]
    public async Task Without_the_kernels_device_there_is_no_agent_on_it()
    {
        if (File.Exists("/dev/liveupdate"))
            Skip.Because("This kernel has the device.");
        await using LuodProcess luod = LuodProcess.Start(null, "--back-end", "kernel");
        Assert.That(await luod.EndAsync(), Is.EqualTo(1));
        Assert.That(luod.Log, Does.Contain("ENODEV").And.Contain("/dev/liveupdate"));
        Assert.That(Directory.EnumerateFiles(luod.Directory), Is.Empty);
    }

    [Test]
    public async Task A_device_has_one_agent_and_is_free_when_that_has_stopped()
    {
        using LiveUpdateOrchestrator orchestrator = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Handlers = { new MemfdHandler() } });
        DirectoryInfo folder = Directory.CreateTempSubdirectory("agent-");
        var options = new AgentServerOptions { Directory = folder.FullName };
        await using (var server = new AgentServer(AgentBackEnd.ForDevice(orchestrator.OpenDevice()), options))
        {
            await server.StartAsync();
            Refused.With(LiveUpdateError.Busy, () => orchestrator.OpenDevice());
            using AgentDevice client = AgentDevice.Connect(folder.FullName);
            client.CreateSession("s").Close();
        }

        orchestrator.OpenDevice().Dispose();
        folder.Delete(recursive: true);
    }
}
