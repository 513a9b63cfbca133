using System.Diagnostics;
using System.Runtime.Versioning;
using LiveUpdate.Tests.Handlers;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace LiveUpdate.Tests.Observation;

/// <summary>Updates as activities, measurements and messages.</summary>
/// <remarks>Measurements have no trace: nothing else may be updated within the process meanwhile.</remarks>
[NonParallelizable]
public sealed class TelemetryTests
{
    private static readonly string[] s_outgoing = ["prepare", "gate", "freeze", "serialize", "hand-over", "verify", "commit"];

    private static readonly string[] s_incoming = ["attach", "verify", "activate"];

    [Test]
    public void An_update_is_an_activity_with_a_child_for_each_phase_and_one_for_the_next_generation()
    {
        using var listening = new Listening("in-process");
        using Generation generation = Generation.Boot(new QuietHandler());
        generation.Create("session").Preserve(1, new object());
        generation.Update();

        Activity handover = listening.Activities.Single(static activity => activity.OperationName == "liveupdate.handover");
        Activity boot = listening.Activities.Single(static activity => activity.OperationName == "liveupdate.boot");
        Assert.That(handover.ParentSpanId, Is.EqualTo(listening.Root.SpanId));
        Assert.That(boot.ParentSpanId, Is.EqualTo(handover.SpanId));
        Assert.That(handover.Status, Is.EqualTo(ActivityStatusCode.Unset));
        foreach (Activity activity in (Activity[])[handover, boot])
        {
            Assert.That(activity.GetTagItem("liveupdate.target"), Is.EqualTo("in-process"));
            Assert.That(activity.GetTagItem("liveupdate.number"), Is.EqualTo(1L));
            Assert.That(activity.GetTagItem("liveupdate.files"), Is.EqualTo(1L));
        }

        Assert.That(PhasesOf(listening, handover), Is.EqualTo(s_outgoing));
        Assert.That(PhasesOf(listening, boot), Is.EqualTo(s_incoming));
        foreach (Activity phase in listening.Activities.Where(activity => activity.ParentSpanId == handover.SpanId && activity != boot))
        {
            Assert.That(phase.StartTimeUtc, Is.GreaterThanOrEqualTo(handover.StartTimeUtc));
            Assert.That(phase.StartTimeUtc + phase.Duration, Is.LessThanOrEqualTo(handover.StartTimeUtc + handover.Duration));
        }
    }

    [Test]
    public void An_update_that_is_called_off_is_an_activity_with_an_error()
    {
        using var listening = new Listening("in-process");
        using Generation generation = Refusing();
        Assert.That(() => generation.Update(), Throws.TypeOf<LiveUpdateException>());

        Activity handover = listening.Activities.Single();
        Assert.That(handover.OperationName, Is.EqualTo("liveupdate.handover"));
        Assert.That(handover.Status, Is.EqualTo(ActivityStatusCode.Error));
        Assert.That(handover.StatusDescription, Does.Contain("ENOSPC"));
        Assert.That(handover.GetTagItem("error.type"), Is.EqualTo("NoSpace"));
    }

    [Test]
    public void An_update_is_measured_once()
    {
        using var listening = new Listening("in-process");
        using Generation generation = Generation.Boot(new QuietHandler());
        Session session = generation.Create("session");
        for (ulong token = 0; token < 3; token++)
            session.Preserve(token, new object());
        LiveUpdateReport report = generation.Update().Luo.PreviousUpdate!;

        Assert.That(listening.ValuesOf("liveupdate.handover.files"), Is.EqualTo((double[])[3]));
        Assert.That(listening.ValuesOf("liveupdate.handover.descriptors"), Is.EqualTo((double[])[0]));
        Assert.That(listening.ValuesOf("liveupdate.handover.size"), Is.EqualTo((double[])[report.Bytes]));
        Assert.That(listening.ValuesOf("liveupdate.handover.duration"), Has.Count.EqualTo(1));
        Assert.That(listening.ValuesOf("liveupdate.pause.duration"), Is.EqualTo((double[])[report.Pause.TotalSeconds]));
        Assert.That(listening.ValuesOf("liveupdate.phase.duration", "freeze"), Has.Count.EqualTo(1));
        Assert.That(listening.ValuesOf("liveupdate.phase.duration", "activate"), Has.Count.EqualTo(1));
    }

    [Test]
    public void An_update_that_is_called_off_is_measured_with_its_error()
    {
        using var listening = new Listening("in-process");
        using Generation generation = Refusing();
        Assert.That(() => generation.Update(), Throws.TypeOf<LiveUpdateException>());
        Assert.That(listening.ValuesOf("liveupdate.handover.duration", error: "NoSpace"), Has.Count.EqualTo(1));
        Assert.That(listening.ValuesOf("liveupdate.handover.files"), Is.Empty);
        Assert.That(listening.ValuesOf("liveupdate.pause.duration"), Is.Empty);
    }

    [Test]
    public void An_update_is_logged_on_both_sides()
    {
        var before = new ListLogger(LogLevel.Information);
        var after = new ListLogger(LogLevel.Information);
        using LiveUpdateOrchestrator first = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Logger = before, MemorySize = 1 << 20 });
        var next = new LiveUpdateOptions { Logger = after };
        using LiveUpdateOrchestrator second = first.HandOver(HandoverTarget.InProcess(next)).Next;
        Assert.That(before.Messages, Has.Exactly(1).StartsWith("Update 1 by in-process is done: 0 files and 0 descriptors, with a pause of "));
        Assert.That(after.Messages, Has.Exactly(1).StartsWith("Generation 1 is up; it came by in-process with 0 files"));
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Only Linux hands over to a successor.")]
    [SupportedOSPlatform("linux")]
    public void A_rehearsal_is_not_observed()
    {
        using var listening = new Listening("successor");
        using var luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions());
        Refused.With(
            LiveUpdateError.BrokenPipe,
            () => luo.HandOver(HandoverTarget.Successor(new SuccessorOptions { Path = "/bin/true", Arguments = [] })));
        Assert.That(listening.Activities.Select(static activity => activity.OperationName), Is.EqualTo((string[])["liveupdate.handover"]));
        Assert.That(listening.ValuesOf("liveupdate.handover.files"), Is.Empty);
    }

    private static Generation Refusing()
    {
        Generation generation = Generation.Boot(new FreezeHookHandler());
        generation.Create("session").Preserve(1, new FreezeHook(static _ => throw new LiveUpdateException(LiveUpdateError.NoSpace, "no")));
        return generation;
    }

    private static IEnumerable<object?> PhasesOf(Listening listening, Activity parent) => listening.Activities
        .Where(activity => activity.OperationName == "liveupdate.phase" && activity.ParentSpanId == parent.SpanId)
        .Select(static activity => activity.GetTagItem("liveupdate.phase"));
}
