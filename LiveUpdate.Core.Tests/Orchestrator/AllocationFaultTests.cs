using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>
/// Memory is exhausted at every step of a life of three generations, once at each allocation: what fails is ENOMEM, leaves everything as
/// it was, and succeeds when it is tried again.
/// </summary>
public class AllocationFaultTests
{
    private int _allocations;
    private int _failing;

    [Test]
    public void Every_allocation_of_preserved_memory_may_fail()
    {
        int life = 0;
        do
        {
            (_allocations, _failing) = (0, ++life);
            Live();
        }
        while (_allocations >= life);
        Assert.That(life, Is.GreaterThan(70), "the life has allocations that can fail");
    }

    [Test]
    public void Every_allocation_of_a_record_may_fail()
    {
        using Generation generation = Generation.Boot(Handlers());
        for (int step = 1; step <= 2; step++)
        {
            Fail(step, generation.Engine);
            Held before = generation.Held;
            Session? session = null;
            Try(generation, () => session = generation.Create("s"));
            Try(generation, () => session!.Preserve(1, new TestFile(1)));
            Assert.That(_allocations, Is.GreaterThanOrEqualTo(step));
            session!.Close();
            Assert.That(generation.Held, Is.EqualTo(before));
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void A_boot_without_memory_for_the_outgoing_side_is_refused(int allocation)
    {
        using KhoMemory memory = KhoMemory.Allocate(Generation.SmallMemory);
        var options = LiveUpdateOrchestrator.ToEngineOptions(Generation.Options(Handlers()));
        using (LiveUpdateEngine engine = LiveUpdateEngine.Attach(memory, options))
        {
            (_allocations, _failing) = (0, allocation);
            engine.Memory.AllocationFault = _ => Fails();
            Refused.With(LiveUpdateError.OutOfMemory, engine.Activate);
        }

        using Generation again = Generation.Boot(memory, Handlers());
        Assert.That(again.Held.Pages, Is.EqualTo("LUO root: 3, unrestored: 0"));
    }

    [Test]
    public void Memory_that_is_really_full_refuses_and_is_usable_after()
    {
        using Generation generation = Generation.Boot(64 * 4096, Handlers());
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

    private void Live()
    {
        using Generation first = Generation.Boot(Handlers());
        Held cold = first.Held;
        first.Engine.Memory.AllocationFault = _ => Fails();
        Session files = null!, closed = null!;
        Try(first, () => files = first.Create("files"));
        foreach (int number in Enumerable.Range(0, 65))
            Try(first, () => files.Preserve((ulong)number, new TestFile(number)));
        Try(first, () => closed = first.Create("closed"));
        Try(first, () => closed.Preserve(1, new TestFile(100, "hungry")));
        closed.Close();
        foreach (int number in Enumerable.Range(0, 51))
            Try(first, () => first.Create($"empty-{number}"));
        Try(first, () => files.Preserve(100, new TestFile(100, "hungry")));

        Generation second = first.Update();
        second.Engine.Memory.AllocationFault = _ => Fails();
        Session incoming = second.Retrieve("files");
        TestFile file = incoming.Retrieve<TestFile>(64);
        RetrieveHungry(incoming);
        foreach (string name in second.Device.GetIncomingSessions())
            (name == "files" ? incoming : second.Retrieve(name)).Close();
        Assert.That(second.Held, Is.EqualTo(cold));
        Try(second, () => files = second.Create("files"));
        Try(second, () => files.Preserve(1, file));

        Generation third = second.Update();
        using Session last = third.Retrieve("files");
        Assert.That(last.Retrieve<TestFile>(1).Number, Is.EqualTo(64));
        last.Finish();
        Assert.That(third.Held, Is.EqualTo(cold));
        Assert.That(third.Luo.CleanupErrors, Is.Empty);
        Generations.AssertBalanced(third.Engine.Memory);
    }

    /// <summary>The one retrieve that allocates has one attempt .</summary>
    private static void RetrieveHungry(Session session)
    {
        try
        {
            session.Retrieve(100);
        }
        catch (LiveUpdateException exception)
        {
            Assert.That(exception.Error, Is.EqualTo(LiveUpdateError.OutOfMemory));
            Refused.With(LiveUpdateError.OutOfMemory, () => session.Retrieve(100));
        }
    }

    /// <summary>An operation that, if its memory fails, has changed nothing and can be repeated.</summary>
    private static void Try(Generation generation, Action operation)
    {
        Held before = generation.Held;
        try
        {
            operation();
        }
        catch (LiveUpdateException exception)
        {
            Assert.That(exception.Error, Is.EqualTo(LiveUpdateError.OutOfMemory), exception.ToString());
            Assert.That(generation.Held, Is.EqualTo(before));
            Generations.AssertBalanced(generation.Engine.Memory);
            operation();
        }
    }

    private void Fail(int record, LiveUpdateEngine engine)
    {
        (_allocations, _failing) = (0, record);
        engine.Sessions.Files.RecordFault = _ => Fails();
    }

    private bool Fails() => ++_allocations == _failing;

    private static FileHandler[] Handlers()
    {
        var handler = new PageHandler();
        handler.DependsOn.Add(new PageFlb());
        return [handler, new PageHandler("hungry-v1") { Kind = "hungry", AllocatesAtRetrieve = true }];
    }
}
