using LiveUpdate.Tests.Faults;
using LiveUpdate.Tests.Infrastructure;
using Mono.Cecil;

namespace LiveUpdate.Tests.Rewriting;

/// <summary>Lives and hand-overs under faults find what is wrong: each variant of the library forgets one step of the way back.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FaultVariantTests
{
    // Enough for every callback of the first generation.
    private const int Lives = 220;

    [Test]
    public void Flbs_that_stay_preserved_after_a_failed_preserve_are_found() => Finds(
        "B: 1/True/False", static module => Breakage.LeaveOut(module, "LiveUpdate.OutgoingFileSet", "Undo", "UnpreserveFlbs"));

    [Test]
    public void An_flb_count_that_is_not_taken_back_is_found() => Finds(
        "A: 1/True/False", static module => Breakage.LeaveOut(module, "LiveUpdate.OutgoingFileSet", "PreserveFlbs", "RemoveFile"));

    [Test]
    public void Files_that_stay_frozen_after_a_failed_freeze_are_found() => Finds(
        "frozen while Frozen", static module => Breakage.LeaveOut(module, "LiveUpdate.OutgoingFileSet", "Freeze", "Unfreeze"));

    [Test]
    public void A_page_that_is_not_freed_after_a_failure_is_found() => Finds(
        "file block", static module => Breakage.LeaveOut(module, "LiveUpdate.OutgoingFileSet", "Undo", "Trim"));

    [Test]
    [Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
    public void A_descriptor_that_is_not_closed_after_a_failed_call_is_found()
    {
        using var broken = new RewrittenLibrary(static module =>
        {
            FaultyCalls.Instrument(module);
            Breakage.LeaveOut(module, "LiveUpdate.SuccessorConnection", "Dispose", "Dispose");
        });
        var run = new CallFaultRun(broken, "start", "new", "Sendmsg");
        run.Run(12, 1);
        TestContext.Out.WriteLine(string.Join('\n', run.Findings));
        Assert.That(run.Findings, Has.Some.Contains("is left over"));
    }

    private static void Finds(string fault, Action<ModuleDefinition> change)
    {
        using var broken = new RewrittenLibrary(change);
        ProgramRun run = broken.Run("LiveUpdate.Core.Tests", TimeSpan.FromMinutes(5), "faults", "--count", $"{Lives}", "--seed", "1");
        TestContext.Out.WriteLine(string.Join('\n', run.Lines.Take(12)) + run.Errors);
        TestContext.Out.WriteLine(run.Lines[^1]);
        Assert.That(run.Lines, Has.Some.Contains(fault));
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }
}
