using LiveUpdate.Tests.Handlers;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Observation;

/// <summary>What an update tells while it runs.</summary>
public sealed class ProgressTests
{
    [Test]
    public void Each_phase_before_the_pause_is_told_and_the_end()
    {
        var progress = new ProgressList();
        using LiveUpdateOrchestrator luo = Boot(progress);
        using LiveUpdateOrchestrator next = luo.HandOver(HandoverTarget.InProcess(new LiveUpdateOptions())).Next;
        Assert.That(progress.Phases, Is.EqualTo((string[])["prepare", "gate", "done"]));
    }

    [Test]
    public void Nothing_is_told_within_the_pause()
    {
        var progress = new ProgressList();
        int told = -1;
        using LiveUpdateOrchestrator luo = Boot(progress, new FreezeHookHandler());
        using LiveUpdateDevice device = luo.OpenDevice();
        device.CreateSession("session").Preserve(1, new FreezeHook(_ => told = progress.Phases.Count));
        var options = new LiveUpdateOptions { Handlers = { new FreezeHookHandler() } };
        using LiveUpdateOrchestrator next = luo.HandOver(HandoverTarget.InProcess(options)).Next;
        Assert.That(told, Is.EqualTo(2));
    }

    [Test]
    public void A_hand_over_that_is_called_off_says_so()
    {
        var progress = new ProgressList();
        using LiveUpdateOrchestrator luo = Boot(progress, new FreezeHookHandler());
        using LiveUpdateDevice device = luo.OpenDevice();
        device.CreateSession("session").Preserve(1, new FreezeHook(static _ => throw new IOException()));
        Refused.With(LiveUpdateError.InputOutput, () => luo.HandOver(HandoverTarget.InProcess(new LiveUpdateOptions())));
        Assert.That(progress.Phases, Is.EqualTo((string[])["prepare", "gate", "called off"]));
    }

    [Test]
    public void A_receiver_that_throws_changes_nothing()
    {
        using LiveUpdateOrchestrator luo = Boot(new ProgressList { Throws = true });
        using LiveUpdateOrchestrator next = luo.HandOver(HandoverTarget.InProcess(new LiveUpdateOptions())).Next;
        Assert.That(next.UpdateNumber, Is.EqualTo(1));
    }

    private static LiveUpdateOrchestrator Boot(ProgressList progress, params FileHandler[] handlers)
    {
        LiveUpdateOptions options = Generation.Options(handlers);
        (options.MemorySize, options.Progress) = (1 << 20, progress);
        return LiveUpdateOrchestrator.Boot(options);
    }

    private sealed class ProgressList : IProgress<LiveUpdateProgress>
    {
        public List<string> Phases { get; } = [];

        public bool Throws { get; init; }

        public void Report(LiveUpdateProgress value)
        {
            Phases.Add(value.Phase);
            if (Throws)
                throw new InvalidOperationException("A receiver's own fault.");
        }
    }
}
