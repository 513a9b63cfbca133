using System.Runtime.Versioning;
using LiveUpdate.Tests.Agent.Faults;
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
        "preserve", Late + 6, "should be refused with Exists", static module => Breakage.Empty(module, "LiveUpdate.Agent.AgentBooks", "StoreFile"));

    [Test]
    public void A_finish_that_is_not_written_down_is_found() => Finds(
        "finish", Late, "should be refused with NotFound", static module => Breakage.LeaveOut(module, "LiveUpdate.Agent.AgentBooks", "Finish", "FinishSession"));

    private static void Finds(string operation, int store, string fault, Action<ModuleDefinition> change)
    {
        using var broken = new RewrittenLibrary(change);
        Assert.That(
            async () => await StoreKills.RunAsync([operation], _ => store, store, static () => true, broken.Folder),
            Throws.InvalidOperationException.With.Message.Contains(fault));
    }
}
