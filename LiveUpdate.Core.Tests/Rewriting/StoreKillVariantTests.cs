using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Agent.Faults;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;
using Mono.Cecil;

namespace LiveUpdate.Tests.Rewriting;

/// <summary>Killing an agent at its stores finds what is wrong: each variant of the library writes down less than it should.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class StoreKillVariantTests
{
    private const int Late = 14;

    [Test]
    public void A_file_that_only_the_agent_has_is_found() => Finds(
        "preserve", Late + 6, "holds \"outgoing open 0\" and not \"outgoing open 1\"", static module => Breakage.Empty(module, "LiveUpdate.Agent.AgentBooks", "StoreFile"));

    [Test]
    public void A_finish_that_is_not_written_down_is_found() => Finds(
        "finish", Late, "should be refused with NotFound", static module => Breakage.LeaveOut(module, "LiveUpdate.Agent.AgentBooks", "Finish", "FinishSession"));

    [Test]
    public async Task What_was_lost_is_listed_no_longer_and_its_token_is_free()
    {
        using var broken = new RewrittenLibrary(static module => Breakage.Empty(module, "LiveUpdate.Agent.AgentBooks", "StoreFile"));
        await using LuodProcess luod = await LuodProcess.StartScenarioAsync("counted-agent", broken.Folder);
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        using Session session = device.CreateSession("s");
        using SafeFileHandle file = new TestMemfd().Handle;
        for (int death = 0; death < 2; death++)
        {
            session.Preserve(1, file);
            await luod.KillAgentAsync();
            await using AgentClient client = await luod.ConnectAsync();
            Assert.That(await client.ListFilesAsync(session.SessionName, isIncoming: false), Is.Empty);
        }
    }

    private static void Finds(string operation, int store, string fault, Action<ModuleDefinition> change)
    {
        using var broken = new RewrittenLibrary(change);
        Assert.That(
            async () => await StoreKills.RunAsync([operation], _ => store, store, static () => true, broken.Folder),
            Throws.InvalidOperationException.With.Message.Contains(fault));
    }
}
