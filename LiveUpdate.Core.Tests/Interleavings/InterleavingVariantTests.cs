using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Rewriting;
using Mono.Cecil;

namespace LiveUpdate.Tests.Interleavings;

/// <summary>The interleavings find what is wrong: each variant of the library leaves out what keeps threads from each other.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class InterleavingVariantTests
{
    private const string Schedules = "40";
    private const string Seed = "1";

    [Test]
    public void A_gate_that_nobody_passes_is_found() => Finds("C-04-work", "Unhandled exception", static module =>
    {
        Breakage.Empty(module, "LiveUpdate.SharedGate", "EnterShared");
        Breakage.Empty(module, "LiveUpdate.SharedGate", "ExitShared");
    });

    [Test]
    public void A_gate_that_wakes_nobody_is_found() => Finds(
        "C-07-called-off", "Deadlock", static module => Breakage.LeaveOut(module, "LiveUpdate.SharedGate", "ExitShared", "PulseAll"));

    [Test]
    public void A_put_that_passes_no_gate_is_found() => Finds(
        "C-06-put-hand-over", "Shutdownok", static module => Breakage.Return(module, "LiveUpdate.CallbackScope", "IsActive", true));

    [Test]
    public void A_hand_over_that_does_not_see_another_end_is_found() => Finds(
        "C-04-two", "the memory is fixed", static module => Breakage.Return(module, "LiveUpdate.GenerationGate", "IsOver", false));

    [Test]
    public void An_incoming_session_without_its_lock_is_found() => Finds(
        "C-11-token", "callbacks: 2", static module => Breakage.LeaveOutLock(module, "LiveUpdate.IncomingSession", "RetrieveAs"));

    [Test]
    public void An_flb_without_its_lock_is_found() => Finds(
        "C-12-files", "the FLB", static module => Breakage.LeaveOutLock(module, "LiveUpdate.OutgoingFlb", "Enter"));

    [Test]
    public void A_choice_of_handler_outside_the_registration_lock_is_found() => Finds("G-04-link-preserve", "Unhandled exception", static module =>
    {
        Breakage.LeaveOut(module, "LiveUpdate.OutgoingFileSet", "Preserve", "EnterShared");
        Breakage.LeaveOut(module, "LiveUpdate.OutgoingFileSet", "Preserve", "ExitShared");
    });

    [Test]
    public void Callbacks_that_may_enter_sessions_are_found() => Finds(
        "H-08-re-entry", "Deadlock", static module => Breakage.Empty(module, "LiveUpdate.CallbackScope", "ThrowIfActive"));

    private static void Finds(string scenario, string fault, Action<ModuleDefinition> change)
    {
        using var broken = new RewrittenLibrary(change, InterleavingTests.Folder);
        ProgramRun run = broken.Run(
            InterleavingTests.Program, TimeSpan.FromMinutes(5), scenario, "--count", Schedules, "--seed", Seed);
        TestContext.Out.WriteLine(string.Join('\n', run.Lines.Take(20)) + run.Errors);
        Assert.That(run.Lines[^1], Does.EndWith(", findings 1"));
        Assert.That(run.Lines, Has.Some.Contains(scenario).And.Some.Contains(fault));
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }
}
