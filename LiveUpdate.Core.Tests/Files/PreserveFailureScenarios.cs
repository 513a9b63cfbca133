using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Files;

/// <summary>Reference 7.3: preserve that fails on its way and leaves nothing behind.</summary>
public class PreserveFailureScenarios
{
    [Test]
    public void T_058_preserve_fails_and_is_repeated()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Held before = first.Held;
        var file = new TestFile(1);
        log.Fail("pre1");
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => s.Preserve(1, file));
        Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", (Token?)1UL, "test-v1")));
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
        Assert.That(first.Held, Is.EqualTo(before));
        log.Heal("pre1");
        s.Preserve(1, file);
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
    }

    [Test]
    public void T_059_no_memory_for_the_record()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Held before = first.Held;
        var file = new TestFile(1);
        first.Engine.Sessions.Files.RecordFault = static what => what == "file record";
        Refused.With(LiveUpdateError.OutOfMemory, () => s.Preserve(1, file));
        Assert.That(log.Take(), Is.EqualTo("can1"));
        Assert.That(first.Held, Is.EqualTo(before));
        first.Engine.Sessions.Files.RecordFault = null;
        s.Preserve(1, file);
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
    }

    [Test]
    public void T_060_no_block()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Held before = first.Held;
        first.Engine.Memory.AllocationFault = static _ => true;
        Refused.With(LiveUpdateError.OutOfMemory, () => Generation.Preserve(s, 1));
        Refused.With(LiveUpdateError.OutOfMemory, () => first.Engine.Memory.AllocatePreserved(1, new LiveUpdate.Kho.PageOwner("test")));
        first.Engine.Memory.AllocationFault = null;
        Assert.That(log.Take(), Is.Empty);
        Assert.That(first.Held, Is.EqualTo(before));
        Generation.Preserve(s, 1);
    }

    [Test]
    public void T_063_five_hundred_files()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Held before = first.Held;
        Generation.Preserve(s, [.. Enumerable.Range(1, 500)]);
        Assert.That(first.Engine.Outgoing.FileBlocks.Pages, Is.EqualTo(8));
        s.Close();
        Assert.That(first.Engine.Outgoing.FileBlocks.Pages, Is.Zero);
        Assert.That(log.Take(), Does.EndWith(string.Join(' ', Enumerable.Range(1, 500).Reverse().Select(static i => $"unp{i}"))));
        Assert.That(first.Held.Ids, Is.EqualTo(before.Ids));
    }

    [Test]
    public void T_064_failing_file_gives_its_block_back()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Generation.Preserve(s, [.. Enumerable.Range(1, 63)]);
        Held before = first.Held;
        Assert.That(first.Engine.Outgoing.FileBlocks.Pages, Is.EqualTo(1));
        log.Fail("pre64");
        Refused.With(LiveUpdateError.InputOutput, () => Generation.Preserve(s, 64));
        Assert.That(first.Engine.Outgoing.FileBlocks.Pages, Is.EqualTo(1));
        Assert.That(first.Held, Is.EqualTo(before));
        log.Heal("pre64");
        Generation.Preserve(s, 64);
        Assert.That(first.Engine.Outgoing.FileBlocks.Pages, Is.EqualTo(2));
    }

    [Test]
    public void T_066_preserve_whose_answer_cannot_be_copied()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        var user = new UapiUser(first);
        int s = user.Create("s");
        int file = user.Install(new TestFile(1));
        int other = user.Install(new TestFile(2));
        user.CannotWrite = true;
        Assert.That(user.Preserve(s, file, 1), Is.EqualTo(LiveUpdateError.BadAddress));
        user.CannotWrite = false;
        Assert.That(user.Preserve(s, other, 1), Is.EqualTo(LiveUpdateError.Exists));
        Assert.That(user.Preserve(s, file, 2), Is.EqualTo(LiveUpdateError.Busy));
        Assert.That(log.TakeWithoutCan(), Is.EqualTo("pre1"));
        Assert.That(user.Close(s), Is.EqualTo(LiveUpdateError.None));
        Assert.That(log.Take(), Is.EqualTo("unp1"));
    }

    [Test]
    public void T_067_two_files_with_one_id()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log) { Id = static file => new FileId(7, (ulong)(file.Number / 10)) });
        Session s = first.Create("s");
        Generation.Preserve(s, 1);
        Held before = first.Held;
        Refused.With(LiveUpdateError.Busy, () => Generation.Preserve(s, 2));
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 can2"));
        Assert.That(first.Held, Is.EqualTo(before));
        Generation.Preserve(s, 10);
        s.Close();
        Assert.That(first.Held.Ids, Is.Zero);
    }

    [Test]
    public void T_068_ids_of_two_handlers_collide()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(
            new RecordingHandler(log, "h1") { Kind = "H1", Id = static _ => new FileId(1, 2) },
            new RecordingHandler(log, "h2") { Kind = "H2", Id = static _ => new FileId(1, 2) });
        Session s = first.Create("s");
        s.Preserve(1, new TestFile(1, "H1"));
        Refused.With(LiveUpdateError.Busy, () => s.Preserve(2, new TestFile(2, "H2")));
        s.Close();
        first.Create("t").Preserve(2, new TestFile(2, "H2"));
        Assert.That(first.Held.Ids, Is.EqualTo(1));
    }

    /// <summary>A handler without <c>preserve</c> does not compile; one without a usable name is refused when it is made.</summary>
    [Test]
    public void T_069_compatible_string_is_registered_once()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Refused.With(LiveUpdateError.Exists, () => first.Luo.Register(new RecordingHandler(log)));
        Assert.That(() => first.Luo.Register(null!), Throws.ArgumentNullException);
        Assert.That(() => new RecordingHandler(log, ""), Throws.ArgumentException);
        Assert.That(() => new RecordingHandler(log, new string('x', 48)), Throws.ArgumentException);
        Assert.That(() => new RecordingHandler(log, "a\0b"), Throws.ArgumentException);
        first.Luo.Register(new RecordingHandler(log, new string('x', 47)));
        Refused.With(LiveUpdateError.Exists, () => Generation.Boot(new RecordingHandler(log), new RecordingHandler(log)));
    }

    /// <summary>What a callback throws, and the errno that the caller gets (design: callbacks that throw).</summary>
    [TestCase("pre1", LiveUpdateError.TimerExpired)]
    [TestCase("can1", LiveUpdateError.NotPermitted)]
    [TestCase("id1", LiveUpdateError.OutOfMemory)]
    public void Failing_callback_keeps_its_errno(string callback, LiveUpdateError error)
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log, "h1"), new RecordingHandler(log, "h2") { Prefix = "H2." });
        Session s = first.Create("s");
        Held before = first.Held;
        log.On(callback, () => throw (error switch
        {
            LiveUpdateError.NotPermitted => new UnauthorizedAccessException(),
            LiveUpdateError.OutOfMemory => new InsufficientMemoryException(),
            _ => new LiveUpdateException(error, "no"),
        }));
        LiveUpdateException refusal = Refused.With(error, () => Generation.Preserve(s, 1));
        Assert.That(refusal.InnerException, Is.Not.Null);
        Assert.That(log.Take(), Does.Not.Contain("H2."));
        Assert.That(first.Held, Is.EqualTo(before));
    }
}
