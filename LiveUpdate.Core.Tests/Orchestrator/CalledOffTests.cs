using System.Runtime.Versioning;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Handlers;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Hand-overs that are called off after everything was frozen and written: all is as before, and the next one happens.</summary>
public class CalledOffTests
{
    private CallbackLog _log = null!;
    private Generation _first = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _first = Generation.Boot(new RecordingHandler(_log).DependingOn(new RecordingFlb(_log, "A")));
        Generation.Preserve(_first.Create("s"), 1, 2);
        Generation.Preserve(_first.Create("t"), 3);
        _log.Take();
    }

    [TearDown]
    public void TearDown() => _first.Dispose();

    [Test]
    public void A_target_that_fails_unfreezes_all_in_the_reference_order()
    {
        Held before = _first.Held;
        var cause = new IOException("no successor");
        Assert.That(() => _first.Luo.HandOver(new StopTarget { BeforeCommit = _ => throw cause }), Throws.Exception.SameAs(cause));
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 frz3 unf3 unf1 unf2"));
        Assert.That(_first.Held, Is.EqualTo(before));
        using (KexecHandover view = KexecHandover.Attach(_first.Engine.Memory.Memory))
            Assert.That(view.HasIncoming, Is.False, "nothing is left to boot from");
        HandedOverImage image = _first.Stop();
        Assert.That((image.Sessions, image.Flbs), Is.EqualTo(("s(1:21001 2:21002) t(3:21003)", "A:565:3")));
    }

    [Test]
    public void A_next_generation_that_cannot_boot_calls_it_off()
    {
        Held before = _first.Held;
        Refused.With(LiveUpdateError.InputOutput, () => _first.Update(new RecordingHandler(_log, "another")));
        Refused.With(LiveUpdateError.Exists, () => _first.Update(new RecordingHandler(_log), new RecordingHandler(_log)));
        Assert.That(_first.Held, Is.EqualTo(before));
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 frz3 unf3 unf1 unf2 frz1 frz2 frz3 unf3 unf1 unf2"));
        Generation next = _first.Update();
        Assert.That(next.Retrieve("t").Retrieve<TestFile>(3).Number, Is.EqualTo(3));
    }

    [Test]
    public void After_the_commit_no_flb_is_got_or_put()
    {
        var flb = (Flb<FlbObject>)_first.Engine.Flbs.Linked[0].Flb;
        Generation second = _first.Update();
        using (Session session = second.Retrieve("s"))
            session.Retrieve(1);
        FlbReference<FlbObject> reference = second.Luo.GetIncoming(flb);
        second.Update();
        _log.Take();
        Refused.With(LiveUpdateError.Shutdown, reference.Dispose);
        Refused.With(LiveUpdateError.Shutdown, () => second.Luo.GetIncoming(flb));
        Refused.With(LiveUpdateError.Shutdown, () => second.Luo.GetOutgoing(flb));
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    [Platform("Linux", Reason = "Memfds are Linux's.")]
    [SupportedOSPlatform("linux")]
    public void Descriptors_are_as_before_it()
    {
        using SafeFileHandle file = Memfd.Create("called-off");
        using Generation first = Generation.Boot(new RecordingHandler(_log), new MemfdHandler());
        Session session = first.Create("s");
        session.Preserve(1, file);
        Generation.Preserve(session, 2);
        Held before = first.Held;
        foreach (string callback in new[] { "frz2", "ver2" })
        {
            _log.Fail(callback);
            Refused.With(LiveUpdateError.InputOutput, () => first.Update());
            _log.Heal(callback);
            Assert.That(Memfd.OpenDescriptors("memfd:called-off"), Is.EqualTo(1), callback);
            Assert.That(first.Held, Is.EqualTo(before), callback);
        }

        Generation next = first.Update();
        next.Retrieve("s").Close();
        first.Luo.Dispose();
        Assert.That(Memfd.OpenDescriptors("memfd:called-off"), Is.EqualTo(1));
    }
}
