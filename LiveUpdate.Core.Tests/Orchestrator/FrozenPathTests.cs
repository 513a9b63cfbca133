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
        MeasureFreeze(2, 2);
        // What a thread has allocated is exact only if nobody's collection falls between.
        const int Attempts = 20;
        (long Bytes, bool IsExact) allocated = default;
        for (int attempt = 0; attempt < Attempts && !allocated.IsExact; attempt++)
            allocated = MeasureFreeze(sessions, files);
        Assert.That(allocated, Is.EqualTo((0L, true)));
    }

    private static (long Bytes, bool IsExact) MeasureFreeze(int sessions, int files)
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
        int collections = GC.CollectionCount(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        engine.FreezeAndSerialize(progress, run);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        bool isExact = GC.CollectionCount(0) == collections;
        Assert.That(run.Files, Is.EqualTo((long)sessions * files));
        engine.Thaw();
        engine.Gate.Open();
        return (allocated, isExact);
    }
}
