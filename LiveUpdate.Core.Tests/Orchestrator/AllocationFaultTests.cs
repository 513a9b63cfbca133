using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>
/// Memory that is exhausted at a boot, and really exhausted. What fails at each single allocation of a life is in <see cref="Faults.FaultTests"/>.
/// </summary>
public class AllocationFaultTests
{
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void A_boot_without_memory_for_the_outgoing_side_is_refused(int allocation)
    {
        using KhoMemory memory = KhoMemory.Allocate(Generation.SmallMemory);
        var options = LiveUpdateOrchestrator.ToEngineOptions(Generation.Options(Handler()));
        using (LiveUpdateEngine engine = LiveUpdateEngine.Attach(memory, options))
        {
            int allocations = 0;
            engine.Memory.AllocationFault = _ => ++allocations == allocation;
            Refused.With(LiveUpdateError.OutOfMemory, engine.Activate);
        }

        using Generation again = Generation.Boot(memory, Handler());
        Assert.That(again.Held.Pages, Is.EqualTo("LUO root: 3, unrestored: 0"));
    }

    [Test]
    public void Memory_that_is_really_full_refuses_and_is_usable_after()
    {
        using Generation generation = Generation.Boot(64 * 4096, Handler());
        Held before = generation.Held;
        Session session = generation.Create("s");
        int number = 0;
        LiveUpdateException? refusal = null;
        while (refusal is null)
        {
            Held held = generation.Held;
            try
            {
                Generation.Preserve(session, number);
                number++;
            }
            catch (LiveUpdateException exception)
            {
                refusal = exception;
                Assert.That(generation.Held, Is.EqualTo(held));
            }
        }

        Assert.That((refusal.Error, refusal.Session), Is.EqualTo((LiveUpdateError.OutOfMemory, "s")));
        Generation next = generation.Update();
        using Session incoming = next.Retrieve("s");
        for (int i = 0; i < number; i++)
            Assert.That(incoming.Retrieve<TestFile>((ulong)i).Number, Is.EqualTo(i));
        incoming.Finish();
        Assert.That(next.Held, Is.EqualTo(before));
    }

    private static PageHandler Handler()
    {
        var handler = new PageHandler();
        handler.DependsOn.Add(new PageFlb());
        return handler;
    }
}
