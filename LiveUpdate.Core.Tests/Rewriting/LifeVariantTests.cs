using LiveUpdate.Tests.Infrastructure;
using Mono.Cecil;

namespace LiveUpdate.Tests.Rewriting;

/// <summary>Random lives, parallel ones and the stress find what is wrong: each variant of the library breaks one rule.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class LifeVariantTests
{
    [Test]
    public void A_file_that_stays_busy_is_found() => Finds(
        "lives", 1_000, static module => Breakage.LeaveOut(module, "LiveUpdate.OutgoingFileSet", "UnpreserveAll", "Remove"));

    [Test]
    public void A_handler_that_stays_is_found() => Finds(
        "lives", 1_000, static module => Breakage.Empty(module, "LiveUpdate.HandlerRegistry", "Retire"));

    [Test]
    public void An_update_called_off_that_stays_frozen_is_found() => Finds(
        "lives", 1_000, static module => Breakage.Empty(module, "LiveUpdate.LiveUpdateEngine", "Thaw"));

    // Threads come as they like: the seed repeats what they do, and a count far above what is needed makes up for the rest.
    [TestCase("parallel-lives", 20_000)]
    [TestCase("stress", 40)]
    public void A_gate_that_nobody_passes_is_found(string form, int count) => Finds(form, count, static module =>
    {
        Breakage.Empty(module, "LiveUpdate.SharedGate", "EnterShared");
        Breakage.Empty(module, "LiveUpdate.SharedGate", "ExitShared");
    });

    [Test]
    public void A_session_without_its_lock_is_found() => Finds(
        "stress", 40, static module => Breakage.LeaveOutLock(module, "LiveUpdate.OutgoingSession", "Preserve"));

    private static void Finds(string form, int count, Action<ModuleDefinition> change)
    {
        using var broken = new RewrittenLibrary(change);
        ProgramRun run = broken.Run("LiveUpdate.Core.Tests", TimeSpan.FromMinutes(5), form, "--count", $"{count}", "--seed", "1");
        TestContext.Out.WriteLine(string.Join('\n', run.Lines.Take(30)) + run.Errors);
        Assert.That(run.Lines[^1], Does.StartWith($"{form}: ").And.EndsWith(", findings 1"));
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }
}
