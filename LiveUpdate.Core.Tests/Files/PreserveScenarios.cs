using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Files;

/// <summary>Reference 7.3: preserve and unpreserve, what a user meets.</summary>
public class PreserveScenarios
{
    [Test]
    public void T_050_close_unpreserves_newest_first()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Held before = first.Held;
        Session s = first.Create("s");
        Generation.Preserve(s, 1, 2, 3);
        s.Close();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 can2 pre2 can3 pre3 unp3 unp2 unp1"));
        for (int number = 1; number <= 3; number++)
        {
            CallbackCall preserve = log.Last($"pre{number}");
            CallbackCall unpreserve = log.Last($"unp{number}");
            Assert.That((preserve.Data, preserve.State), Is.EqualTo((0UL, (object?)null)));
            Assert.That((unpreserve.Data, unpreserve.State), Is.EqualTo((1000UL + (ulong)number, (object?)$"state {number}")));
            Assert.That(unpreserve.Object, Is.SameAs(preserve.Object));
        }

        Assert.That(first.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_051_used_token_wins_over_a_bad_descriptor()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        var user = new UapiUser(first);
        int s = user.Create("s");
        Assert.That(user.Preserve(s, user.Install(new TestFile(1)), 1), Is.EqualTo(LiveUpdateError.None));
        log.Take();
        Assert.That(user.Preserve(s, 99, 1), Is.EqualTo(LiveUpdateError.Exists));
        Assert.That(user.Preserve(s, -1, 1), Is.EqualTo(LiveUpdateError.Exists));
        Assert.That(log.Take(), Is.Empty);
    }

    [Test]
    public void T_052_bad_descriptor()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log), new SlotHandler(log));
        var user = new UapiUser(first);
        int s = user.Create("s");
        Held before = first.Held;
        Assert.That(user.Preserve(s, 99, 1), Is.EqualTo(LiveUpdateError.BadDescriptor));
        Assert.That(user.Preserve(s, -1, 1), Is.EqualTo(LiveUpdateError.BadDescriptor));
        Assert.That(first.Held, Is.EqualTo(before));
        Assert.That(user.Close(user.Device), Is.EqualTo(LiveUpdateError.None));

        Session t = first.Create("t");
        using var invalid = new SafeFileHandle(-1, ownsHandle: false);
        Refused.With(LiveUpdateError.BadDescriptor, () => t.Preserve(1, invalid));
        string path = Path.GetTempFileName();
        FileStream stream = File.Create(path, 1, FileOptions.DeleteOnClose);
        SafeFileHandle closed = stream.SafeFileHandle;
        stream.Dispose();
        Refused.With(LiveUpdateError.BadDescriptor, () => t.Preserve(1, closed));
        Refused.With(LiveUpdateError.BadDescriptor, () => t.Preserve(1, stream));
        Assert.That(log.Take(), Is.Empty);
        Assert.That(first.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_053_file_that_no_handler_takes()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(
            new RecordingHandler(log, "h1") { Kind = "H1", Prefix = "H1." },
            new RecordingHandler(log, "h2") { Kind = "H2", Prefix = "H2." });
        Session s = first.Create("s");
        Held before = first.Held;
        Refused.With(LiveUpdateError.NotFound, () => s.Preserve(1, new TestFile(1, "other")));
        Assert.That(log.Take(), Is.EqualTo("H1.can1 H2.can1"));
        Refused.With(LiveUpdateError.NotFound, () => s.Preserve(1, "a string"));
        using (SafeFileHandle device = File.OpenHandle(OperatingSystem.IsLinux() ? "/dev/null" : Environment.ProcessPath!))
            Refused.With(LiveUpdateError.NotFound, () => s.Preserve(1, device));
        Assert.That(first.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_054_object_is_preserved_once()
    {
        var log = new CallbackLog();
        using Generation first = TwiceRefused(log, out _, out _, out _);
    }

    [Test]
    public void T_055_close_frees_the_object()
    {
        var log = new CallbackLog();
        using Generation first = TwiceRefused(log, out Session s1, out Session s2, out TestFile file);
        s1.Close();
        s2.Preserve(1, file);
        Assert.That(log.Take(), Is.EqualTo("unp1 can1 pre1"));
    }

    [Test]
    public void T_056_every_token_is_legal()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        s.Preserve(0, new TestFile(1));
        s.Preserve(ulong.MaxValue, new TestFile(2));
        Refused.With(LiveUpdateError.Exists, () => s.Preserve(0, new TestFile(3)));
        Refused.With(LiveUpdateError.Exists, () => s.Preserve(ulong.MaxValue, new TestFile(3)));
        Session incoming = first.Update().Retrieve("s");
        Assert.That(incoming.Retrieve<TestFile>(0).Number, Is.EqualTo(1));
        Assert.That(incoming.Retrieve<TestFile>(ulong.MaxValue).Number, Is.EqualTo(2));
    }

    [Test]
    public void T_057_one_token_in_two_sessions()
    {
        using var first = Generation.Boot(new RecordingHandler(new CallbackLog()));
        first.Create("s").Preserve(7, new TestFile(1));
        first.Create("t").Preserve(7, new TestFile(2));
        Generation second = first.Update();
        Assert.That(second.Retrieve("t").Retrieve<TestFile>(7).Number, Is.EqualTo(2));
        Assert.That(second.Retrieve("s").Retrieve<TestFile>(7).Number, Is.EqualTo(1));
    }

    [Test]
    public void T_061_first_handler_that_accepts_is_used()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(
            new RecordingHandler(log, "h1") { Prefix = "H1." }, new RecordingHandler(log, "h2") { Prefix = "H2." });
        Session s = first.Create("s");
        Generation.Preserve(s, 1);
        Assert.That(log.Take(), Is.EqualTo("H1.can1 H1.pre1"));
        Assert.That(s.GetFiles().Single().Handler, Is.EqualTo("h1"));
    }

    [Test]
    public void T_062_handler_that_is_going_away_is_chosen_and_refused()
    {
        var log = new CallbackLog();
        var leaving = new RecordingHandler(log, "h1") { Prefix = "H1." };
        using var first = Generation.Boot(leaving, new RecordingHandler(log, "h2") { Prefix = "H2." });
        Session s = first.Create("s");
        Generation.Preserve(s, 1);
        Assert.That(first.Luo.Unregister(leaving), Is.True);
        log.Take();
        Held before = first.Held;
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotFound, () => Generation.Preserve(s, 2));
        Assert.That(refusal.Handler, Is.EqualTo("h1"));
        Assert.That(log.Take(), Is.EqualTo("H1.can2"));
        Assert.That(first.Held, Is.EqualTo(before));
        s.Close();
        Generation.Preserve(first.Create("t"), 2);
        Assert.That(log.Take(), Is.EqualTo("H1.unp1 H2.can2 H2.pre2"), "it left with its last file");
    }

    [Test]
    [Platform("Linux", Reason = "memfds are Linux's")]
    [SupportedOSPlatform("linux")]
    public void T_065_user_may_close_the_descriptor()
    {
        var memfd = new TestMemfd();
        memfd.Write("kept");
        using var first = Generation.Boot(new SlotHandler(new CallbackLog()));
        first.Create("s").Preserve(1, memfd.Handle);
        memfd.Handle.Dispose();
        Assert.That(memfd.OpenDescriptors, Is.EqualTo(1), "held, and no duplicate made");
        Generation second = first.Update();
        Session s = second.Retrieve("s");
        using (SafeFileHandle handle = s.Retrieve<SafeFileHandle>(1))
            Assert.That(TestMemfd.Read(handle), Is.EqualTo("kept"));
        s.Finish();
        first.Luo.Dispose();
        Assert.That(memfd.OpenDescriptors, Is.Zero);
    }

    [Test]
    public void T_070_sessions_and_the_device_are_no_files()
    {
        var handler = new AnythingHandler();
        using var first = Generation.Boot(handler);
        Session s = first.Create("s");
        Refused.With(LiveUpdateError.NotFound, () => s.Preserve(1, first.Create("t")));
        Refused.With(LiveUpdateError.NotFound, () => s.Preserve(1, first.Device));
        Refused.With(LiveUpdateError.NotFound, () => s.Preserve(1, s));
        first.Device.Dispose();
        var user = new UapiUser(first);
        int u = user.Create("u");
        Assert.That(user.Preserve(u, u, 1), Is.EqualTo(LiveUpdateError.NotFound));
        Assert.That(user.Preserve(u, user.Device, 1), Is.EqualTo(LiveUpdateError.NotFound));
        Assert.That(handler.Asked, Is.Zero);
    }

    /// <summary>T-054: P(s1,f), P(s2,f), and P(s1,f) under another token.</summary>
    private static Generation TwiceRefused(CallbackLog log, out Session s1, out Session s2, out TestFile file)
    {
        var first = Generation.Boot(new RecordingHandler(log));
        Session one = s1 = first.Create("s1");
        Session two = s2 = first.Create("s2");
        TestFile same = file = new TestFile(1);
        one.Preserve(1, same);
        Held before = first.Held;
        Refused.With(LiveUpdateError.Busy, () => two.Preserve(1, same));
        Refused.With(LiveUpdateError.Busy, () => one.Preserve(2, same));
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 can1 can1"));
        Assert.That(first.Held, Is.EqualTo(before));
        return first;
    }

    /// <summary>Would take every object that it is asked about.</summary>
    private sealed class AnythingHandler() : FileHandler<object>("anything")
    {
        public int Asked { get; private set; }

        protected override bool CanPreserve(object file) => ++Asked > 0;

        protected override void Preserve(ref PreserveContext<object> context)
        {
        }

        protected override void Unpreserve(in FileContext<object> context)
        {
        }

        protected override object Retrieve(ref RetrieveContext context) => new();

        protected override void Finish(in FinishContext<object> context)
        {
        }
    }
}
