using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>What goes wrong around a hand-over and must not go wrong within it: loggers, time-outs, a dispose at the same moment.</summary>
public class HandoverFailureTests
{
    [Test]
    public void Logger_that_throws_stops_neither_a_roll_back_nor_a_commit()
    {
        var log = new CallbackLog();
        using var cold = Generation.Boot();
        Generation first = cold.Update(OptionsWith(log, _ => throw new InvalidOperationException("no log")));
        Generation.Preserve(first.Create("s"), 1, 2);
        log.Fail("unf1");
        log.Take();
        Assert.That(
            () => first.Luo.HandOver(new StopTarget { BeforeCommit = _ => throw new IOException("stop") }),
            Throws.TypeOf<IOException>(),
            "the first cause");
        Assert.That(log.Take(), Is.EqualTo("frz1 frz2 unf1 unf2"));
        Assert.That(first.Luo.CleanupErrors, Has.Count.EqualTo(1));
        first.Create("the gate is open");
        Generation second = first.Update(OptionsWith(log, _ => throw new InvalidOperationException("no log")));
        Assert.That(second.Device.GetIncomingSessions(), Has.Count.EqualTo(2));
    }

    [Test]
    public void Time_that_is_over_in_the_last_file_calls_the_hand_over_off()
    {
        var log = new CallbackLog();
        using var reported = new ManualResetEventSlim();
        LiveUpdateOptions options = OptionsWith(log, message =>
        {
            if (message == TestLogger.FreezeHangs)
                reported.Set();
        });
        options.FreezeTimeout = TimeSpan.FromMilliseconds(1);
        using var cold = Generation.Boot();
        Generation first = cold.Update(options);
        Generation.Preserve(first.Create("s"), 1, 2);
        Generation.Preserve(first.Create("t"), 3);
        log.On("frz3", () => Worker.Until(reported));
        log.Take();
        Refused.With(LiveUpdateError.TimedOut, () => first.Luo.HandOver(new StopTarget()));
        Assert.That(log.Take(), Does.EndWith("frz3 unf3 unf1 unf2").Or.Not.Contain("frz3"));
        first.Create("the gate is open");
    }

    /// <summary>Who waits to dispose the old generation goes on at the commit; the memory is the next one's then.</summary>
    [Test]
    public void Memory_has_changed_its_owner_at_the_commit()
    {
        LiveUpdateOrchestrator? first = null;
        LiveUpdateOptions options = OptionsWith(new CallbackLog(), message =>
        {
            if (message == TestLogger.Booted)
                Worker.Start(first!.Dispose).Join();
        });
        first = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = Generation.SmallMemory });
        LiveUpdateOrchestrator second = first.HandOver(HandoverTarget.InProcess(options)).Next;
        KhoMemory memory = second.Engine.Memory.Memory;
        Assert.That(() => memory.GetSpan(memory.Base, 1).Length, Is.EqualTo(1));
        using (LiveUpdateDevice device = second.OpenDevice())
            Generation.Preserve(device.CreateSession("s"), 1);
        second.Dispose();
        Assert.That(() => memory.GetSpan(memory.Base, 1).Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Logger_of_the_options_is_never_null() =>
        Assert.That(() => new LiveUpdateOptions { Logger = null! }, Throws.ArgumentNullException);

    private static LiveUpdateOptions OptionsWith(CallbackLog log, Action<int> onMessage)
    {
        LiveUpdateOptions options = Generation.Options(new RecordingHandler(log));
        options.Logger = new TestLogger(onMessage);
        return options;
    }
}
