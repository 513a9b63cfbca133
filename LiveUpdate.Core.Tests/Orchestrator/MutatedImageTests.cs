using CsCheck;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>
/// Whatever the previous generation left in memory: the next one boots and lives, or says with a documented exception why not. It never
/// crashes, hangs, or allocates without bounds, and its books stay balanced.
/// </summary>
public class MutatedImageTests
{
    private const int Pages = 160;
    private const long MostAllocated = 32L << 20;

    private byte[] _image = null!;
    private ImageMutator _mutator = null!;

    [OneTimeSetUp]
    public void MakeImage()
    {
        using KhoMemory memory = KhoMemory.Allocate(Pages * LuoAbi.PageSize);
        using Generation generation = Generation.Boot(memory, Handlers());
        Session first = generation.Create("first");
        Generation.Preserve(first, [.. Enumerable.Range(0, 70)]);
        first.Preserve(1000, new TestFile(1000, "other"));
        generation.Create("empty");
        Generation.Preserve(generation.Create("last"), 100, 101, 102);
        generation.Stop();
        _image = memory.GetSpan(memory.Base, (int)memory.Length).ToArray();
        _mutator = new ImageMutator(_image, memory.Base);
    }

    [Test]
    public void The_image_itself_lives() => Assert.That(Live(_image), Is.EqualTo("lived"));

    [Test]
    public void Any_damage_is_survived_or_refused()
    {
        Dictionary<string, int> outcomes = [];
        Gen.Select(ImageMutator.Gen.Array[1, 4], Gen.Bool).Sample(
            (mutations, mendChecksums) =>
            {
                string outcome = Live(_mutator.Apply(mutations, mendChecksums));
                lock (outcomes)
                    outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            },
            writeLine: TestContext.Out.WriteLine,
            iter: 5_000);
        TestContext.Out.WriteLine(string.Join(", ", outcomes.Select(static outcome => $"{outcome.Key}: {outcome.Value}")));
        Assert.That(outcomes.Keys, Is.EquivalentTo(new[] { "lived", "boot refused", "open refused" }), "the damage reaches every stage");
    }

    [Test]
    public void An_image_that_ends_too_early_is_survived_or_refused()
    {
        for (int page = 0; page < Pages; page++)
        {
            byte[] bytes = [.. _image];
            bytes.AsSpan(page * LuoAbi.PageSize).Clear();
            Live(bytes);
        }
    }

    [Test]
    public void Memory_of_another_length_is_refused()
    {
        foreach (int pages in new[] { 4, Pages - 1, Pages + 1 })
        {
            using KhoMemory memory = KhoMemory.Allocate(pages * LuoAbi.PageSize);
            _image.AsSpan(0, Math.Min(_image.Length, (int)memory.Length)).CopyTo(memory.GetSpan(memory.Base, (int)memory.Length));
            Assert.That(() => Generation.Boot(memory, Handlers()), Throws.TypeOf<LiveUpdateImageException>());
        }
    }

    /// <summary>A whole life from an image: open, retrieve all, finish all, preserve anew, and the next generation.</summary>
    private static string Live(byte[] image)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        using KhoMemory memory = KhoMemory.Allocate(image.Length);
        image.CopyTo(memory.GetSpan(memory.Base, image.Length));
        string outcome = Live(memory);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.LessThan(MostAllocated), "allocated without bounds");
        return outcome;
    }

    private static string Live(KhoMemory memory)
    {
        Generation generation;
        try
        {
            generation = Generation.Boot(memory, Handlers());
        }
        catch (Exception exception) when (IsDocumented(exception))
        {
            return "boot refused";
        }

        using (generation)
        {
            string outcome = "lived";
            try
            {
                FinishEverything(generation);
            }
            catch (LiveUpdateException exception) when (exception is { Error: LiveUpdateError.InputOutput, Operation: "open device" })
            {
                outcome = "open refused";
            }

            Generations.AssertBalanced(generation.Engine.Memory);
            if (outcome == "lived")
                GoOn(generation);
            return outcome;
        }
    }

    private static void FinishEverything(Generation generation)
    {
        LiveUpdateDevice device = generation.Device;
        foreach (SessionName name in generation.Engine.Incoming.Names)
        {
            Session session = device.RetrieveSession(name);
            foreach (SessionFile file in session.GetFiles())
                TryRetrieve(session, file.Token);
            session.Finish();
            session.Close();
        }

        Assert.That(device.GetIncomingSessions(), Is.Empty);
        Assert.That(generation.Held.Ids, Is.Zero);
    }

    private static void TryRetrieve(Session session, Token token)
    {
        try
        {
            Assert.That(session.Retrieve(token), Is.TypeOf<TestFile>());
        }
        catch (LiveUpdateException exception)
        {
            LiveUpdateException again = Assert.Throws<LiveUpdateException>(() => session.Retrieve(token))!;
            Assert.That(again.Error, Is.EqualTo(exception.Error));
        }
    }

    /// <summary>What is left is sound: as far as there is memory, files are preserved and arrive.</summary>
    private static void GoOn(Generation generation)
    {
        try
        {
            Generation.Preserve(generation.Create("new"), 1, 2);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.OutOfMemory)
        {
            return;
        }

        Generation next = generation.Update();
        using Session session = next.Retrieve("new");
        Assert.That(session.Retrieve<TestFile>(2).Number, Is.EqualTo(2));
        session.Finish();
        Generations.AssertBalanced(next.Engine.Memory);
    }

    private static bool IsDocumented(Exception exception) =>
        exception is LiveUpdateImageException or LiveUpdateException { Error: LiveUpdateError.OutOfMemory };

    private static FileHandler[] Handlers()
    {
        var handler = new PageHandler();
        handler.DependsOn.Add(new PageFlb());
        return [handler, new PageHandler("other-v1") { Kind = "other" }];
    }
}
