using System.Runtime.Versioning;
using System.Text.Json;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>luoctl and luod as programs: an update from start to end, and Ctrl+C.</summary>
[Platform("Linux", Reason = "luoctl and luod need Linux.")]
[SupportedOSPlatform("linux")]
internal sealed class LuoctlProcessTests
{
    // SIGTERM, which luoctl takes as Ctrl+C: who is started in the background has the interrupt ignored.
    private const int Interrupt = 15;

    [Test]
    public async Task Update_is_called_off_by_an_interrupt_and_replaces_the_daemon_otherwise()
    {
        await using LuodDaemon daemon = await LuodDaemon.StartAsync();
        var subscriber = new SlowSubscriber();
        await using AgentClient program = await AgentClient.ConnectAsync(daemon.Directory);
        await program.SubscribeAsync("vm-1", subscriber);

        using (StartedProgram interrupted = StartedProgram.OfAssembly("luoctl", "-d", daemon.Directory, "update", "--json"))
        {
            await interrupted.WaitForPartAsync("\"state\":\"preparing\"");
            interrupted.Signal(Interrupt);
            ProgramRun end = await interrupted.EndAsync();
            Assert.That(end.ExitCode, Is.EqualTo(130), end.Errors);
            Assert.That(end.Lines[^1], Does.Contain("ECANCELED"));
        }

        int before = await ProcessIdAsync(program);
        subscriber.GetReady();
        ProgramRun run = ProgramRun.OfAssembly("luoctl", "-d", daemon.Directory, "update", "--json");
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        JsonElement result = JsonDocument.Parse(run.Lines[^1]).RootElement;
        string?[] phases = [.. result.GetProperty("phases").EnumerateArray().Select(phase => phase.GetProperty("name").GetString())];
        Assert.Multiple(() =>
        {
            Assert.That(result.GetProperty("kind").GetString(), Is.EqualTo("result"));
            Assert.That(result.GetProperty("generation").GetInt32(), Is.EqualTo(1));
            Assert.That(phases, Is.SupersetOf(new[] { "prepare", "barrier", "hand-over", "claim" }));
            Assert.That(result.GetProperty("subscribers")[0].GetProperty("state").GetString(), Is.EqualTo("finished"));
        });
        Assert.That(await daemon.First.ExitAsync(), Is.Zero, "it has been replaced");
        Assert.That(await ProcessIdAsync(program), Is.Not.EqualTo(before));
    }

    private static async Task<int> ProcessIdAsync(AgentClient client) => (await client.GetStatusAsync()).Agent.ProcessId;
}
