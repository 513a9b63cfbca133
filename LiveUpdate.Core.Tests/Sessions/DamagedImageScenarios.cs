using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Sessions;

/// <summary>Deserialization and damaged images: reference 7.5, T-100 to T-114.</summary>
/// <remarks>
/// A damaged chain of sessions is fatal at boot. Nothing of it can be freed, as the kernel frees it: the generation never takes the memory
/// over, and what wrote the image may still boot from it once it is mended.
/// </remarks>
public class DamagedImageScenarios
{
    private CallbackLog _log = null!;

    [SetUp]
    public void SetUp() => _log = new CallbackLog();

    [Test]
    public void T_100_a_loop_of_session_blocks_is_fatal()
    {
        using Generation generation = WithSessions(52);
        HandedOverImage image = generation.Stop();
        PhysicalAddress[] blocks = [.. image.SessionBlocks];
        image.Header(blocks[1]).NextAddress = blocks[0].Value;
        AssertFatal(image, LiveUpdateError.InvalidArgument, "loop");
        image.Header(blocks[1]).NextAddress = blocks[1].Value;
        AssertFatal(image, LiveUpdateError.InvalidArgument, "loop");
        image.Header(blocks[1]).NextAddress = 0;
        Assert.That(Boot(image).Device.GetIncomingSessions(), Has.Count.EqualTo(52));
    }

    [TestCase(0UL)]
    [TestCase(ulong.MaxValue)]
    [TestCase(1UL << 32)]
    public void T_101_a_session_block_with_an_impossible_count_is_fatal(ulong count)
    {
        using Generation generation = WithSessions(52);
        HandedOverImage image = generation.Stop();
        image.Header(image.SessionBlocks[1]).Count = count;
        AssertFatal(image, LiveUpdateError.InvalidArgument, $"found {count}");
        image.Header(image.SessionBlocks[1]).Count = 1;
        Assert.That(Boot(image).Device.GetIncomingSessions(), Has.Count.EqualTo(52));
    }

    [Test]
    public void T_102_a_session_block_with_more_than_its_capacity_is_fatal()
    {
        using Generation generation = WithSessions(51);
        HandedOverImage image = generation.Stop();
        image.Header(image.SessionBlocks[0]).Count = 52;
        AssertFatal(image, LiveUpdateError.InvalidArgument, "found 52");
    }

    [Test]
    public void T_103_ten_thousand_blocks_of_one_session_are_read()
    {
        using Generation generation = Generation.Boot(48L << 20);
        HandedOverImage image = WithBlocks(generation, 10_000);
        Generation next = image.Boot();
        Assert.That(next.Device.GetIncomingSessions(), Is.EqualTo(Enumerable.Range(0, 10_000).Select(static i => $"s{i}")));
        using (Session last = next.Retrieve("s9999"))
            last.Finish();
        Assert.That(next.Held.Pages, Is.EqualTo("LUO root: 3, unrestored: 0"));
    }

    [TestCase(10_001, LiveUpdateError.NoSpace, "at most 10000 blocks")]
    [TestCase(20_000, LiveUpdateError.NoSpace, "at most 10000 blocks")]
    public void T_104_more_than_ten_thousand_blocks_are_fatal(int blocks, LiveUpdateError error, string expected)
    {
        using Generation generation = Generation.Boot(84L << 20);
        AssertFatal(WithBlocks(generation, blocks), error, expected);
    }

    [Test]
    public void T_105_more_than_twenty_thousand_blocks_are_taken_for_a_loop()
    {
        using Generation generation = Generation.Boot(84L << 20);
        AssertFatal(WithBlocks(generation, 20_001), LiveUpdateError.InvalidArgument, "at most 20000 blocks");
    }

    [TestCase("loop", "loop")]
    [TestCase("empty", "found 0")]
    [TestCase("over", "found 64")]
    public void T_106_a_damaged_chain_of_files_fails_the_open(string damage, string found)
    {
        using Generation generation = WithFiles(64);
        HandedOverImage image = generation.Stop();
        PhysicalAddress[] blocks = [.. image.FileBlocks(0)];
        switch (damage)
        {
            case "loop":
                image.Header(blocks[1]).NextAddress = blocks[0].Value;
                break;
            case "empty":
                image.Header(blocks[1]).Count = 0;
                break;
            default:
                image.Header(blocks[0]).Count = 64;
                break;
        }

        var cause = (LiveUpdateImageException)AssertOpenFails(Boot(image)).InnerException!;
        Assert.That(cause.Message, Does.Contain(found));
        Assert.That(cause.Structure, Is.EqualTo("file block of session \"s\""));
    }

    [TestCase(2UL)]
    [TestCase(4UL)]
    [TestCase(0UL)]
    [TestCase(ulong.MaxValue)]
    public void T_107_a_wrong_count_of_files_fails_the_open(ulong count)
    {
        using Generation generation = WithFiles(3);
        HandedOverImage image = generation.Stop();
        image.Session(0).FileSet.Count = count;
        var cause = (LiveUpdateImageException)AssertOpenFails(Boot(image)).InnerException!;
        Assert.That((cause.Offset, cause.Expected, cause.Found), Is.EqualTo((72, "a count of 3, the entries found", $"{count}")));
    }

    [Test]
    public void T_108_a_count_without_files_is_an_empty_session()
    {
        using Generation generation = WithSessions(1);
        HandedOverImage image = generation.Stop();
        image.Session(0).FileSet.Count = 2;
        using Session session = Boot(image).Retrieve("s0");
        Refused.With(LiveUpdateError.NotFound, () => session.Retrieve(1));
        session.Finish();
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void T_109_an_unknown_compatible_string_fails_the_open()
    {
        using Generation generation = WithFiles(3);
        HandedOverImage image = generation.Stop();
        "test-v2"u8.CopyTo(image.File(0, 1).Compatible);
        var cause = (LiveUpdateException)AssertOpenFails(Boot(image)).InnerException!;
        Assert.That((cause.Error, cause.Session, cause.Token), Is.EqualTo((LiveUpdateError.NotFound, "s", (Token?)2)));
        Assert.That(cause.Message, Does.Contain("\"test-v2\""));
    }

    [Test]
    public void T_110_a_compatible_string_without_its_end_fails_the_open()
    {
        using Generation generation = Generation.Boot(new RecordingHandler(_log, new string('c', 47)));
        Generation.Preserve(generation.Create("s"), 1);
        HandedOverImage image = generation.Stop();
        image.File(0, 0).Compatible[47] = (byte)'c';
        var cause = (LiveUpdateException)AssertOpenFails(image.Boot(new RecordingHandler(_log, new string('c', 47)))).InnerException!;
        Assert.That(cause.Error, Is.EqualTo(LiveUpdateError.NotFound));
    }

    [Test]
    public void T_111_a_partly_filled_block_in_the_middle_is_read_in_order()
    {
        using Generation generation = WithFiles(127);
        HandedOverImage image = generation.Stop();
        image.Header(image.FileBlocks(0)[1]).Count = 62;
        image.Session(0).FileSet.Count = 126;
        Session session = Boot(image).Retrieve("s");
        ulong[] expected = [.. Enumerable.Range(1, 127).Where(static i => i != 126).Select(static i => (ulong)i)];
        Assert.That(session.GetFiles().Select(static file => file.Token.Value), Is.EqualTo(expected));
        Assert.That(session.Retrieve<TestFile>(127).Number, Is.EqualTo(127));
        Refused.With(LiveUpdateError.NotFound, () => session.Retrieve(126));
    }

    [Test]
    public void T_112_of_two_files_with_one_token_the_first_answers()
    {
        using Generation generation = WithFiles(2);
        HandedOverImage image = generation.Stop();
        image.File(0, 1).Token = 1;
        using Session session = Boot(image).Retrieve("s");
        _log.Take();
        Assert.That(session.Retrieve<TestFile>(1).Number, Is.EqualTo(1));
        Refused.With(LiveUpdateError.NotFound, () => session.Retrieve(2));
        session.Finish();
        Assert.That(_log.Take(), Is.EqualTo("ret1 cfin1 cfin2 fin2 fin1"));
    }

    [Test]
    public void T_113_one_bad_session_makes_all_of_them_unreachable()
    {
        using Generation generation = Generation.Boot(new RecordingHandler(_log));
        foreach (int number in new[] { 1, 2, 3 })
            Generation.Preserve(generation.Create($"s{number}"), number);
        HandedOverImage image = generation.Stop();
        image.Session(1).FileSet.Count = 2;
        Generation next = Boot(image);
        LiveUpdateException first = AssertOpenFails(next);
        Assert.That(AssertOpenFails(next).InnerException, Is.SameAs(first.InnerException));
        Assert.That(next.Engine.Incoming.Names, Is.Empty);
    }

    [Test]
    public void T_114_deserialization_runs_no_callback()
    {
        using Generation generation = WithFiles(3);
        HandedOverImage image = generation.Stop();
        _log.Take();
        Generation next = Boot(image);
        Session session = next.Retrieve("s");
        Assert.That(session.GetFiles(), Has.Count.EqualTo(3));
        Assert.That(_log.Take(), Is.Empty);
        session.Retrieve(2);
        Assert.That(_log.Take(), Is.EqualTo("ret2"));
    }

    /// <summary>What fails the first open fails every one; nothing is held for it.</summary>
    private static LiveUpdateException AssertOpenFails(Generation generation)
    {
        Held before = generation.Held;
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => generation.Luo.OpenDevice());
        Refused.With(LiveUpdateError.InputOutput, () => generation.Luo.OpenDevice());
        Held after = generation.Held;
        Assert.That((after.Ids, after.Handlers), Is.EqualTo((0, before.Handlers)));
        Generations.AssertBalanced(generation.Engine.Memory);
        return refusal;
    }

    private static void AssertFatal(HandedOverImage image, LiveUpdateError error, string message)
    {
        byte[] before = image.Memory.GetSpan(image.Memory.Base, (int)image.Memory.Length).ToArray();
        LiveUpdateImageException? exception = Assert.Throws<LiveUpdateImageException>(() => image.Boot());
        Assert.That(exception!.Error, Is.EqualTo(error));
        Assert.That(exception.Message, Does.Contain(message));
        Assert.That(exception.Structure, Is.EqualTo("session block"));
        Assert.That(image.Memory.GetSpan(image.Memory.Base, before.Length).SequenceEqual(before), "the image was written to");
    }

    private Generation Boot(HandedOverImage image) => image.Boot(new RecordingHandler(_log));

    private Generation WithSessions(int count)
    {
        Generation generation = Generation.Boot(new RecordingHandler(_log));
        for (int i = 0; i < count; i++)
            generation.Create($"s{i}");
        return generation;
    }

    private Generation WithFiles(int count)
    {
        Generation generation = Generation.Boot(new RecordingHandler(_log));
        Generation.Preserve(generation.Create("s"), [.. Enumerable.Range(1, count)]);
        return generation;
    }

    /// <summary>An image with a chain of blocks that hold one empty session each: s0, s1 and so on.</summary>
    private static HandedOverImage WithBlocks(Generation generation, int count)
    {
        var owner = new PageOwner("crafted");
        ulong next = 0;
        for (int i = count - 1; i >= 0; i--)
        {
            PhysicalAddress block = generation.Engine.Memory.AllocatePreserved(LuoAbi.PageSize, owner);
            Span<byte> page = generation.Engine.Memory.GetSpan(block, LuoAbi.PageSize);
            MemoryMarshal.Write(page, new KhoBlockHeaderSer { NextAddress = next, Count = 1 });
            var session = default(LuoSessionSer);
            FixedString.Write(session.Name, System.Text.Encoding.UTF8.GetBytes($"s{i}"));
            MemoryMarshal.Write(page[LuoAbi.BlockHeaderSize..], session);
            next = block.Value;
        }

        HandedOverImage image = generation.Stop();
        image.Root.SessionsAddress = next;
        return image;
    }
}
