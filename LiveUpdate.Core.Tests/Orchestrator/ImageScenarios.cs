using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Serialization;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>What a freeze writes, and many sessions and files over an update: reference 7.4, T-089 to T-093.</summary>
public class ImageScenarios
{
    private const long Megabyte = 1L << 20;

    private readonly CallbackLog _log = new();

    [Test]
    public void T_089_the_image_is_that_of_the_golden_vectors()
    {
        var flb = new RecordingFlb(_log, "F", "iommu-core-v1", 77);
        using Generation generation = Generation.Boot(new FixedHandler("memfd-v2", 0x102090000));
        generation.Create("vm-a").Preserve(0x1234, new TestFile(1));
        HandedOverImage image = generation.Stop();
        byte[] sessions = Golden.SessionBlock;
        PhysicalAddress files = image.FileBlocks(0)[0];
        MemoryMarshal.Write(sessions.AsSpan(0x50), files.Value);
        Assert.That(PageAt(image, image.SessionBlocks[0]), Is.EqualTo(sessions));
        Assert.That(PageAt(image, files), Is.EqualTo(Golden.FileBlock));

        using Generation other = Generation.Boot(new RecordingHandler(_log).DependingOn(flb));
        Generation.Preserve(other.Create("s"), 1, 2);
        image = other.Stop();
        Assert.That(PageAt(image, new PhysicalAddress(image.Root.FlbsAddress)), Is.EqualTo(Golden.FlbPage));
    }

    [Test]
    public void T_090_sixty_four_files_fill_one_block_and_begin_another()
    {
        using Generation generation = Generation.Boot(new RecordingHandler(_log));
        Generation.Preserve(generation.Create("s"), [.. Enumerable.Range(1, 64)]);
        HandedOverImage image = generation.Stop();
        Assert.That(image.FileBlocks(0).Select(block => image.Header(block).Count), Is.EqualTo([63UL, 1UL]));
    }

    [Test]
    public void T_091_fifty_two_sessions_fill_one_block_and_begin_another()
    {
        using Generation generation = Generation.Boot();
        for (int i = 0; i < 52; i++)
            generation.Create($"s{i}");
        HandedOverImage image = generation.Stop();
        Assert.That(image.SessionBlocks.Select(block => image.Header(block).Count), Is.EqualTo([51UL, 1UL]));
    }

    [Test]
    public void T_092_two_thousand_sessions_are_retrieved_finished_and_closed()
    {
        const int Count = 2000;
        using Generation first = Generation.Boot(16 * Megabyte, new RecordingHandler(_log));
        for (int i = 0; i < Count; i++)
            Generation.Preserve(first.Create($"s{i}"), i);
        Assert.That(first.Engine.Outgoing.BlockCount, Is.EqualTo(40));
        Generation next = first.Update();
        Assert.That(next.Device.GetIncomingSessions(), Is.EqualTo(Enumerable.Range(0, Count).Select(static i => $"s{i}")));
        for (int i = 0; i < Count; i++)
        {
            using Session session = next.Retrieve($"s{i}");
            Assert.That(session.Retrieve<TestFile>((ulong)i).Number, Is.EqualTo(i));
            session.Finish();
            session.Close();
        }

        Assert.That(next.Device.GetIncomingSessions(), Is.Empty);
        Assert.That(next.Held, Is.EqualTo(Cold()));
    }

    [Test]
    public void T_093_five_hundred_files_keep_their_content()
    {
        using Generation first = Generation.Boot(new RecordingHandler(_log));
        Generation.Preserve(first.Create("s"), [.. Enumerable.Range(0, 500)]);
        Generation next = first.Update();
        Session session = next.Retrieve("s");
        for (int i = 499; i >= 0; i--)
            Assert.That(session.Retrieve<TestFile>((ulong)i).Number, Is.EqualTo(i));
        session.Finish();
        session.Close();
        Assert.That(next.Held, Is.EqualTo(Cold()));
    }

    private static byte[] PageAt(HandedOverImage image, PhysicalAddress address) =>
        image.Memory.GetSpan(address, LuoAbi.PageSize).ToArray();

    private static Held Cold()
    {
        using Generation cold = Generation.Boot(new RecordingHandler(new CallbackLog()));
        return cold.Held;
    }

    /// <summary>Every file has one data handle, and nothing behind it.</summary>
    private sealed class FixedHandler(string compatible, ulong data) : FileHandler<TestFile>(compatible)
    {
        protected override void Preserve(ref PreserveContext<TestFile> context) => context.Data = new DataHandle(data);

        protected override void Unpreserve(in FileContext<TestFile> context)
        {
        }

        protected override TestFile Retrieve(ref RetrieveContext context) => new(1);

        protected override void Finish(in FinishContext<TestFile> context)
        {
        }
    }
}
