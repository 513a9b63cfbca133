using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.FileLifecycleBound;

/// <summary>Registration of FLBs: reference 7.7, T-159 to T-163, and what 4.12 adds to G-04 and G-05.</summary>
public class FlbRegistrationScenarios
{
    private CallbackLog _log = null!;
    private RecordingHandler _handler = null!;
    private Generation _generation = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _handler = new RecordingHandler(_log);
        _generation = Generation.Boot(_handler, new RecordingHandler(_log, "other") { Kind = "other" });
    }

    [TearDown]
    public void TearDown() => _generation.Dispose();

    [Test]
    public void T_159_an_flb_is_linked_once_and_its_name_is_its_own()
    {
        var flb = new RecordingFlb(_log, "A");
        _generation.Luo.Register(flb, _handler);
        Refused.With(LiveUpdateError.Exists, () => _generation.Luo.Register(flb, _handler));
        Refused.With(LiveUpdateError.Exists, () => _generation.Luo.Register(new RecordingFlb(_log, "A"), _handler));
        Assert.That(_generation.Engine.Flbs.Linked, Has.Count.EqualTo(1));
        Assert.That(_generation.Engine.Handlers.Ordered[0].Links, Has.Length.EqualTo(1));
    }

    // A missing callback cannot be written here.
    [Test]
    public void T_160_the_handler_must_be_registered()
    {
        Refused.With(
            LiveUpdateError.InvalidArgument, () => _generation.Luo.Register(new RecordingFlb(_log, "A"), new RecordingHandler(_log)));
        Assert.That(_generation.Engine.Flbs.Linked, Is.Empty);
    }

    [Test]
    public void T_161_sixty_three_flbs_are_the_limit_and_that_is_asked_before_the_name()
    {
        RecordingFlb[] flbs = [.. Enumerable.Range(0, LuoAbi.MaxFlbs).Select(i => new RecordingFlb(_log, "A", $"flb-{i}"))];
        foreach (RecordingFlb flb in flbs)
            _generation.Luo.Register(flb, _handler);
        Refused.With(LiveUpdateError.NoSpace, () => _generation.Luo.Register(new RecordingFlb(_log, "A", "one more"), _handler));
        Refused.With(LiveUpdateError.NoSpace, () => _generation.Luo.Register(new RecordingFlb(_log, "A", "flb-7"), _handler));
        Refused.With(LiveUpdateError.Exists, () => _generation.Luo.Register(flbs[7], _handler));

        Generation.Preserve(_generation.Create("s"), 1);
        HandedOverImage image = _generation.Stop();
        Assert.That(image.FlbHeader.Count, Is.EqualTo(63));
        Assert.That(HandedOverImage.Text(image.Flb(62).Name), Is.EqualTo("flb-62"));
    }

    [Test]
    public void T_162_what_is_not_linked_is_unlinked_without_effect()
    {
        var flb = new RecordingFlb(_log, "A");
        _generation.Luo.Register(flb, _handler);
        Assert.That(_generation.Luo.Unregister(flb, _handler), Is.True);
        Assert.That(_generation.Luo.Unregister(flb, _handler), Is.False);
        Assert.That(_generation.Luo.Unregister(flb, new RecordingHandler(_log)), Is.False);
        Assert.That(_generation.Engine.Flbs.Linked, Is.Empty);
        _generation.Luo.Register(new RecordingFlb(_log, "A"), _handler);
    }

    [Test]
    public void T_163_an_flb_stays_known_while_one_handler_is_linked_to_it()
    {
        var flb = new RecordingFlb(_log, "A");
        FileHandler other = _generation.Engine.Handlers.Ordered[1].Handler;
        _generation.Luo.Register(flb, _handler);
        _generation.Luo.Register(flb, other);
        _generation.Luo.Unregister(flb, _handler);
        using Session session = _generation.Create("s");
        Generation.Preserve(session, 1);
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("pre1"));
        session.Preserve(2, new TestFile(2, "other"));
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("A.pre pre2"));
        Assert.That(_generation.Engine.Flbs.Linked.Single().Outgoing.Files, Is.EqualTo(1));
        RecordingHandler third = new RecordingHandler(_log, "third").DependingOn(new RecordingFlb(_log, "A"));
        Refused.With(LiveUpdateError.Exists, () => _generation.Luo.Register(third));
    }

    // (library) The kernel lets links change while files hold the handler, and the counts no longer add up.
    [Test]
    public void Links_do_not_change_while_files_hold_the_handler()
    {
        var (linked, later) = (new RecordingFlb(_log, "A"), new RecordingFlb(_log, "B"));
        _generation.Luo.Register(linked, _handler);
        Session session = _generation.Create("s");
        Generation.Preserve(session, 1);
        Refused.With(LiveUpdateError.Busy, () => _generation.Luo.Register(later, _handler));
        Refused.With(LiveUpdateError.Exists, () => _generation.Luo.Register(linked, _handler));
        Refused.With(LiveUpdateError.Busy, () => _generation.Luo.Unregister(linked, _handler));
        session.Close();
        _generation.Luo.Register(later, _handler);
        Assert.That(_generation.Luo.Unregister(linked, _handler), Is.True);
    }

    [Test]
    public void A_handler_that_is_refused_for_one_flb_leaves_nothing_behind()
    {
        var flb = new RecordingFlb(_log, "A");
        RecordingHandler twice = new RecordingHandler(_log, "twice").DependingOn(new RecordingFlb(_log, "B"), flb, flb);
        Refused.With(LiveUpdateError.Exists, () => _generation.Luo.Register(twice));
        Assert.That(_generation.Engine.Flbs.Linked, Is.Empty);
        Assert.That(_generation.Engine.Handlers.Ordered, Has.Count.EqualTo(2));
        Assert.That(_generation.Luo.Unregister(twice), Is.False);
    }
}
