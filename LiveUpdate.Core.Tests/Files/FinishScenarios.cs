using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Files;

/// <summary>Finish: reference 7.6, T-127 to T-134 and T-136 to T-138.</summary>
public class FinishScenarios
{
    private const string All = "cfin1 cfin2 cfin3 cfin4 fin4 fin3 fin2 fin1";

    private CallbackLog _log = null!;
    private Generation _first = null!;
    private Generation _next = null!;
    private Session _session = null!;

    [TearDown]
    public void TearDown()
    {
        _session.Dispose();
        _next.Dispose();
        _first.Dispose();
    }

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _first = Generation.Boot(new RecordingHandler(_log), new MinimalHandler(_log));
        Generation.Preserve(_first.Create("s"), 1, 2, 3, 4);
        _first.Create("minimal").Preserve(1, new TestFile(7, "other"));
        _next = _first.Update();
        _session = _next.Retrieve("s");
        _log.Take();
    }

    [Test]
    public void T_127_finish_asks_all_in_order_and_finishes_newest_first()
    {
        object first = _session.Retrieve(1);
        _session.Retrieve(4);
        _log.Fail("ret3", LiveUpdateError.NoSpace);
        Refused.With(LiveUpdateError.NoSpace, () => _session.Retrieve(3));
        _log.Take();
        _session.Finish();
        Assert.That(_log.Take(), Is.EqualTo(All));
        CallbackCall[] finished = [.. new[] { 1, 2, 3, 4 }.Select(number => _log.Last($"fin{number}"))];
        Assert.That(
            finished.Select(static call => (call.Status, call.Failure, call.Object is null)),
            Is.EqualTo(new[]
            {
                (FileStatus.Retrieved, LiveUpdateError.None, false),
                (FileStatus.Listed, LiveUpdateError.None, true),
                (FileStatus.Failed, LiveUpdateError.NoSpace, true),
                (FileStatus.Retrieved, LiveUpdateError.None, false),
            }));
        Assert.That(finished[0].Object, Is.SameAs(first));
        Assert.That(finished[1].Data, Is.EqualTo(11002));
        Assert.That(_next.Held.Ids, Is.Zero);
    }

    [Test]
    public void T_128_one_handler_that_refuses_keeps_the_session_from_being_finished()
    {
        _session.Retrieve(1);
        Held before = _next.Held;
        _log.Take();
        _log.Refuse("cfin3");
        LiveUpdateException refusal = Refused.With(LiveUpdateError.Busy, _session.Finish);
        Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", (Token?)3, "test-v1")));
        Assert.That(_log.Take(), Is.EqualTo("cfin1 cfin2 cfin3"));
        Assert.That(_next.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_129_after_a_refusal_files_are_retrieved_and_the_session_is_finished()
    {
        _log.Refuse("cfin3");
        Refused.With(LiveUpdateError.Busy, _session.Finish);
        _session.Retrieve(4);
        _log.Heal("cfin3");
        _log.Take();
        _session.Finish();
        Assert.That(_log.Take(), Is.EqualTo(All));
    }

    [Test]
    public void T_130_a_finished_session_is_finished_again_without_a_callback()
    {
        _session.Finish();
        _log.Take();
        _session.Finish();
        Refused.With(LiveUpdateError.NotFound, () => _session.Retrieve(1));
        Assert.That(_session.GetFiles(), Is.Empty);
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void T_131_finish_with_something_reserved_runs_no_callback()
    {
        _next.Device.Dispose();
        _session.Dispose();
        var user = new UapiUser(_next);
        int session = user.RetrieveSession("s");
        Assert.That(user.Finish(session, reserved: 1), Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(_log.Take(), Is.Empty);
        Assert.That(user.Finish(session), Is.EqualTo(LiveUpdateError.None));
        Assert.That(_log.Take(), Is.EqualTo(All));
    }

    [Test]
    public void T_132_close_finishes_and_the_session_is_gone()
    {
        _session.Close();
        Assert.That(_log.Take(), Is.EqualTo(All));
        Refused.With(LiveUpdateError.NotFound, () => _next.Retrieve("s"));
        _session.Close();
        _session.Dispose();
        Assert.That(() => _session.Retrieve(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void T_133_close_after_finish_runs_no_callback()
    {
        _session.Finish();
        _log.Take();
        _session.Close();
        Assert.That(_log.Take(), Is.Empty);
        Refused.With(LiveUpdateError.NotFound, () => _next.Retrieve("s"));
    }

    // (library) The kernel's close answers 0 as well, and the session is orphaned (S-22).
    [Test]
    public void T_134_a_close_that_is_refused_lists_the_session_again()
    {
        _session.Retrieve(2);
        _log.Refuse("cfin3");
        Held before = _next.Held;
        Refused.With(LiveUpdateError.Busy, _session.Close);
        Assert.That(_next.Held, Is.EqualTo(before));
        Assert.That(() => _session.Retrieve(1), Throws.TypeOf<ObjectDisposedException>());

        _next.Device.Dispose();
        var user = new UapiUser(_next);
        int session = user.RetrieveSession("s");
        Assert.That(user.Close(session), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.RetrieveSession("s"), Is.EqualTo(session));
        _log.Heal("cfin3");
        _log.Take();
        Assert.That(user.Close(session), Is.EqualTo(LiveUpdateError.None));
        Assert.That(_log.Take(), Is.EqualTo(All));
    }

    [Test]
    public void T_136_what_was_never_retrieved_is_finished_without_its_object()
    {
        _session.Finish();
        Assert.That(_log.Take(), Is.EqualTo(All));
        foreach (int number in new[] { 1, 2, 3, 4 })
        {
            CallbackCall call = _log.Last($"fin{number}");
            Assert.That((call.Status, call.Object), Is.EqualTo((FileStatus.Listed, (object?)null)));
        }
    }

    [Test]
    public void T_137_without_can_finish_the_answer_is_yes()
    {
        using Session session = _next.Retrieve("minimal");
        session.Finish();
        Assert.That(_log.Take(), Is.EqualTo("fin7"));
    }

    [Test]
    public void T_138_after_finish_the_blocks_of_files_are_free()
    {
        Assert.That(_next.Held.Pages, Does.Contain("incoming file blocks: 2"));
        _session.Finish();
        Assert.That(_next.Held.Pages, Does.Contain("incoming file blocks: 1"));
        _next.Retrieve("minimal").Finish();
        Assert.That(_next.Held.Pages, Is.EqualTo("LUO root: 3, unrestored: 0"));
    }

    [Test]
    public void Disposing_an_unfinished_session_lists_it_again_with_nothing_lost()
    {
        object file = _session.Retrieve(1);
        Held before = _next.Held;
        _session.Dispose();
        Assert.That(_next.Held, Is.EqualTo(before));
        using Session again = _next.Retrieve("s");
        Assert.That(again.Retrieve(1), Is.SameAs(file));
        Assert.That(_log.Take(), Is.EqualTo("ret1"));
    }
}
