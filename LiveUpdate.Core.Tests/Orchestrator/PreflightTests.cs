using System.Runtime.Versioning;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>What a program learns before it hands over.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class PreflightTests
{
    [Test]
    public void Nothing_is_found_where_nothing_is_wrong()
    {
        using Generation generation = Generation.Boot(new RecordingHandler(new CallbackLog()));
        Assert.That(generation.Luo.Preflight(HandoverTarget.InProcess(new LiveUpdateOptions())), Is.Empty);
    }

    [Test]
    public void Sessions_that_are_not_finished_are_found()
    {
        using Generation first = Generation.Boot(new RecordingHandler(new CallbackLog()));
        Generation.Preserve(first.Create("left"), 1);
        var options = new LiveUpdateOptions { Handlers = { new RecordingHandler(new CallbackLog()) } };
        Generation second = first.Update(options);
        PreflightFinding finding = second.Luo.Preflight(HandoverTarget.InProcess(new LiveUpdateOptions())).Single();
        Assert.That(finding.Id, Is.EqualTo("sessions-unfinished"));
        Assert.That(finding.Severity, Is.EqualTo(PreflightSeverity.Blocking));
        Assert.That(finding.Message, Does.EndWith("would drop them: left."));
        Assert.That(finding.Remedy, Does.Contain("DiscardUnfinished"));
        Assert.That(() => second.Luo.HandOver(HandoverTarget.InProcess(new LiveUpdateOptions())), Throws.InvalidOperationException);
    }

    [Test]
    public void Sessions_that_may_be_dropped_are_no_finding()
    {
        using Generation first = Generation.Boot(new RecordingHandler(new CallbackLog()));
        Generation.Preserve(first.Create("left"), 1);
        Assert.That(first.Update().Luo.Preflight(HandoverTarget.InProcess(new LiveUpdateOptions())), Is.Empty);
    }

    [Test]
    public void A_generation_that_is_over_is_refused()
    {
        using Generation generation = Generation.Boot(new RecordingHandler(new CallbackLog()));
        generation.Update();
        Refused.With(LiveUpdateError.Shutdown, () => generation.Luo.Preflight(HandoverTarget.InProcess(new LiveUpdateOptions())));
    }

    [Test]
    public void Misuse_is_refused()
    {
        using Generation generation = Generation.Boot(new RecordingHandler(new CallbackLog()));
        Assert.That(() => generation.Luo.Preflight(null!), Throws.ArgumentNullException);
        generation.Luo.Dispose();
        Assert.That(() => generation.Luo.Preflight(HandoverTarget.InProcess(new LiveUpdateOptions())), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Only Linux replaces the image of a process.")]
    [SupportedOSPlatform("linux")]
    public void What_stands_in_the_way_of_another_process_is_found()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Memory = memory });
        string[] both = ["memory-not-shared", "program-not-executable"];
        Assert.That(Ids(luo, HandoverTarget.Exec(new ExecOptions { Path = "/nowhere" })), Is.EqualTo(both));
        Assert.That(Ids(luo, HandoverTarget.Successor(new SuccessorOptions { Path = "/etc" })), Is.EqualTo(both));
        Assert.That(Ids(luo, HandoverTarget.Successor(new SuccessorOptions { ListenPath = "/run/x", Secret = "s" })), Is.EqualTo(both[..1]));
        LiveUpdateException refusal = Refused.With(
            LiveUpdateError.NotSupported, () => luo.HandOver(HandoverTarget.Exec(new ExecOptions { Path = "/nowhere" })));
        Assert.That(refusal.Message, Does.Contain("memory-not-shared: ").And.Contain("program-not-executable: /nowhere cannot be executed, ENOENT."));
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Only Linux replaces the image of a process.")]
    [SupportedOSPlatform("linux")]
    public void Nothing_stands_in_the_way_of_this_program_again()
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20 });
        Assert.That(Ids(luo, HandoverTarget.Exec()), Is.Empty);
        Assert.That(Ids(luo, HandoverTarget.Successor()), Is.Empty);
    }

    [Test]
    public void A_finding_without_a_remedy_is_a_line_too() =>
        Assert.That(new PreflightFinding("some-id", PreflightSeverity.Warning, "Something.").ToString(), Is.EqualTo("some-id: Something."));

    private static string[] Ids(LiveUpdateOrchestrator luo, HandoverTarget target) =>
        [.. luo.Preflight(target).Select(static finding => finding.Id)];
}
