using System.Diagnostics;
using LiveUpdate.Tests.Handlers;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Observation;

/// <summary>What a report says of an update, on either side.</summary>
public sealed class ReportTests
{
    [Test]
    public void Phases_follow_one_another_without_a_gap()
    {
        using Generation generation = Generation.Boot(new QuietHandler());
        generation.Create("session").Preserve(1, new object());
        InProcessHandover handover = HandOver(generation, new LiveUpdateOptions { Handlers = { new QuietHandler() } });
        CheckPhases(handover.Report, "prepare", "gate", "freeze", "serialize", "hand-over", "verify", "commit");
        CheckPhases(
            handover.Next.PreviousUpdate!, "prepare", "freeze", "serialize", "hand-over", "attach", "verify", "activate");
    }

    [Test]
    public void The_pause_is_from_the_first_freeze_to_the_end_of_the_last_phase_and_both_sides_say_when_it_began()
    {
        long before = Stopwatch.GetTimestamp();
        using Generation generation = Generation.Boot();
        InProcessHandover handover = HandOver(generation, new LiveUpdateOptions());
        long after = Stopwatch.GetTimestamp();
        LiveUpdateReport report = handover.Report;
        LiveUpdatePhase freeze = report.Phases.Single(static phase => phase.Name == "freeze");
        LiveUpdatePhase last = report.Phases[^1];
        Assert.That(report.Pause, Is.EqualTo(last.Start + last.Duration - freeze.Start));
        Assert.That(report.FrozenAt, Is.InRange(before, after));
        Assert.That(handover.Next.PreviousUpdate!.FrozenAt, Is.EqualTo(report.FrozenAt));
    }

    [Test]
    public void Collections_within_the_pause_are_counted()
    {
        using Generation generation = Generation.Boot(new FreezeHookHandler());
        generation.Create("session").Preserve(1, new FreezeHook(static _ => GC.Collect()));
        LiveUpdateCollections collections = HandOver(generation, new LiveUpdateOptions { Handlers = { new FreezeHookHandler() } }).Report.Collections;
        Assert.That(collections.Generation2, Is.GreaterThanOrEqualTo(1));
        Assert.That(collections.Generation0, Is.GreaterThanOrEqualTo(collections.Generation2));
        Assert.That(collections.Pause, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(collections.WasHeldOff, Is.False);
    }

    [Test]
    [NonParallelizable]
    public void Collections_are_held_off_while_files_freeze_and_not_after_the_update()
    {
        int collections = -1;
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions
        {
            MemorySize = 1 << 20,
            NoCollectionBytes = 32 << 20,
            Handlers = { new FreezeHookHandler() },
        });
        using LiveUpdateDevice device = luo.OpenDevice();
        device.CreateSession("session").Preserve(1, new FreezeHook(_ =>
        {
            int before = GC.CollectionCount(0);
            for (int i = 0; i < 1000; i++)
                GC.KeepAlive(new byte[16 << 10]);
            collections = GC.CollectionCount(0) - before;
        }));
        InProcessHandover handover = luo.HandOver(HandoverTarget.InProcess(new LiveUpdateOptions { Handlers = { new FreezeHookHandler() } }));
        using LiveUpdateOrchestrator next = handover.Next;
        Assert.That(handover.Report.Collections.WasHeldOff, Is.True);
        Assert.That(collections, Is.Zero);
        Assert.That(System.Runtime.GCSettings.LatencyMode, Is.Not.EqualTo(System.Runtime.GCLatencyMode.NoGCRegion));
    }

    [Test]
    [NonParallelizable]
    public void What_the_collector_cannot_hold_ready_is_not_held_off_and_the_update_happens()
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20, NoCollectionBytes = 1L << 50 });
        InProcessHandover handover = luo.HandOver(HandoverTarget.InProcess(new LiveUpdateOptions()));
        using LiveUpdateOrchestrator next = handover.Next;
        Assert.That(handover.Report.Collections.WasHeldOff, Is.False);
    }

    [Test]
    public void A_negative_number_of_bytes_is_misuse() =>
        Assert.That(() => new LiveUpdateOptions { NoCollectionBytes = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());

    private static InProcessHandover HandOver(Generation generation, LiveUpdateOptions next)
    {
        InProcessHandover handover = generation.Luo.HandOver(HandoverTarget.InProcess(next));
        generation.Own(handover.Next);
        return handover;
    }

    private static void CheckPhases(LiveUpdateReport report, params string[] names)
    {
        Assert.That(report.Phases.Select(static phase => phase.Name), Is.EqualTo(names));
        Assert.That(report.Phases[0].Start, Is.EqualTo(TimeSpan.Zero));
        foreach ((LiveUpdatePhase one, LiveUpdatePhase next) in report.Phases.Zip(report.Phases.Skip(1)))
            Assert.That(next.Start - (one.Start + one.Duration), Is.EqualTo(TimeSpan.Zero).Within(TimeSpan.FromMicroseconds(1)));
    }
}
