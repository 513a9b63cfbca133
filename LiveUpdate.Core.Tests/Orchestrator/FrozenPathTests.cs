using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>From the first freeze on nothing is allocated, whatever is preserved.</summary>
public sealed class FrozenPathTests
{
    [TestCase(0, 0)]
    [TestCase(1, 0)]
    [TestCase(1, 1)]
    [TestCase(2, 63)]
    [TestCase(3, 64)]
    [TestCase(60, 5)]
    [TestCase(2, 10_000)]
    public void Freeze_and_serialization_allocate_nothing(int sessions, int files)
    {
        // The first life pays for what the runtime allocates once, as it prepares the code.
        Assert.That(MeasureFreeze(2, 2), Is.GreaterThanOrEqualTo(0));
        Assert.That(MeasureFreeze(sessions, files), Is.Zero);
    }

    private static long MeasureFreeze(int sessions, int files)
    {
        var handler = new QuietHandler { DependsOn = { new RecordingFlb(new CallbackLog(), "A"), new RecordingFlb(new CallbackLog(), "B") } };
        using Generation generation = Generation.Boot(8L << 20, handler);
        for (int session = 0; session < sessions; session++)
        {
            Session created = generation.Create($"s{session}");
            for (int file = 0; file < files; file++)
                created.Preserve(Token.From(file), new object());
        }

        var progress = new FreezeProgress();
        var run = new HandoverRun(LuoCoreTarget.InProcess);
        LiveUpdateEngine engine = generation.Engine;
        engine.CloseGate(CancellationToken.None);
        long before = GC.GetAllocatedBytesForCurrentThread();
        engine.FreezeAndSerialize(progress, run);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(run.Files, Is.EqualTo((long)sessions * files));
        engine.Thaw();
        engine.Gate.Open();
        return allocated;
    }
}
