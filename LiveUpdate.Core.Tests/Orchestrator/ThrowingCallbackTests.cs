using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Every callback throws everything: refusals where the reference has a result, cleanup that goes on where it has none.</summary>
public class ThrowingCallbackTests
{
    private CallbackLog _log = null!;
    private RecordingFlb _flb = null!;
    private Generation _first = null!;
    private Held _cold = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _flb = new RecordingFlb(_log, "A");
        _first = Generation.Boot(new RecordingHandler(_log).DependingOn(_flb));
        _cold = _first.Held;
    }

    [TearDown]
    public void TearDown() => _first.Dispose();

    // Those of the runtime are what a callback really meets.
#pragma warning disable CA2201
    private static IEnumerable<TestCaseData> Thrown()
    {
        yield return Case(new LiveUpdateException(LiveUpdateError.NoSpace), LiveUpdateError.NoSpace);
        yield return Case(new LiveUpdateException(LiveUpdateError.None), LiveUpdateError.InputOutput);
        yield return Case(new OutOfMemoryException(), LiveUpdateError.OutOfMemory);
        yield return Case(new UnauthorizedAccessException(), LiveUpdateError.NotPermitted);
        yield return Case(new InvalidOperationException(), LiveUpdateError.InputOutput);
        yield return Case(new NullReferenceException(), LiveUpdateError.InputOutput);
        yield return Case(new OperationCanceledException(), LiveUpdateError.InputOutput);
        yield return Case(new ObjectDisposedException("something"), LiveUpdateError.InputOutput);
        yield return Case(new LiveUpdateImageException(), LiveUpdateError.InputOutput);
    }
#pragma warning restore CA2201

    [TestCaseSource(nameof(Thrown))]
    public void Before_preserve_it_refuses_and_nothing_is_kept(Exception exception, LiveUpdateError error)
    {
        Session session = _first.Create("s");
        Generation.Preserve(session, 9);
        Held before = _first.Held;
        foreach ((string name, string trace) in new[] { ("can1", "can1"), ("id1", "can1"), ("pre1", "can1 pre1") })
        {
            Throw(name, exception);
            _log.Take();
            LiveUpdateException refusal = Refused.With(error, () => Generation.Preserve(session, 1));
            Assert.That(refusal.InnerException, Is.SameAs(exception));
            Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", (Token?)1, "test-v1")));
            Assert.That(_log.Take(), Is.EqualTo(trace));
            Assert.That(_first.Held, Is.EqualTo(before));
            _log.Heal(name);
        }

        Generation.Preserve(session, 1);
    }

    [TestCaseSource(nameof(Thrown))]
    public void The_flbs_preserve_refuses_and_nothing_is_kept(Exception exception, LiveUpdateError error)
    {
        Session session = _first.Create("s");
        Held before = _first.Held;
        Throw("A.pre", exception);
        LiveUpdateException refusal = Refused.With(error, () => Generation.Preserve(session, 1));
        Assert.That(refusal.InnerException, Is.SameAs(exception));
        Assert.That(refusal.Handler, Is.EqualTo("A"));
        Assert.That(_first.Held, Is.EqualTo(before));
    }

    [TestCaseSource(nameof(Thrown))]
    public void Unpreserve_goes_on_and_is_reported(Exception exception, LiveUpdateError error)
    {
        Session session = _first.Create("s");
        Generation.Preserve(session, 1, 2, 3);
        foreach (string name in new[] { "unp3", "unp1", "A.unp" })
            Throw(name, exception);
        _log.Take();
        session.Close();
        Assert.That(_log.Take(), Is.EqualTo("unp3 unp2 unp1 A.unp"));
        AssertReported(_first, exception, error, "unpreserve", "unpreserve", "FLB unpreserve");
        Assert.That(_first.Held, Is.EqualTo(_cold));
    }

    [TestCaseSource(nameof(Thrown))]
    public void Freeze_calls_the_handover_off_and_unfreeze_goes_on(Exception exception, LiveUpdateError error)
    {
        Session session = _first.Create("s");
        Generation.Preserve(session, 1, 2, 3);
        Throw("frz3", exception);
        Throw("unf1", exception);
        _log.Take();
        LiveUpdateException refusal = Refused.With(error, () => _first.Update());
        Assert.That(refusal.InnerException, Is.SameAs(exception));
        Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", (Token?)3, "test-v1")));
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 frz3 unf1 unf2"));
        AssertReported(_first, exception, error, "unfreeze");
        _log.Heal("frz3");
        Assert.That(_first.Update().Device.GetIncomingSessions(), Is.EqualTo(["s"]));
    }

    [TestCaseSource(nameof(Thrown))]
    public void The_check_before_the_commit_calls_the_handover_off(Exception exception, LiveUpdateError error)
    {
        Session session = _first.Create("s");
        Generation.Preserve(session, 1, 2);
        Held before = _first.Held;
        foreach (string name in new[] { "ver2", "A.ver" })
        {
            Throw(name, exception);
            _log.Take();
            LiveUpdateException refusal = Refused.With(error, () => _first.Update());
            Assert.That(refusal.InnerException, Is.SameAs(exception));
            Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 unf1 unf2"));
            Assert.That(_first.Held, Is.EqualTo(before));
            _log.Heal(name);
        }

        Assert.That(_first.Update().Retrieve("s").Retrieve<TestFile>(2).Number, Is.EqualTo(2));
    }

    [TestCaseSource(nameof(Thrown))]
    public void Retrieve_refuses_for_good(Exception exception, LiveUpdateError error)
    {
        Generation.Preserve(_first.Create("s"), 1, 2);
        Generation next = _first.Update();
        using Session session = next.Retrieve("s");
        Throw("ret1", exception);
        Assert.That(Refused.With(error, () => session.Retrieve(1)).InnerException, Is.SameAs(exception));
        _log.Heal("ret1");
        Refused.With(error, () => session.Retrieve(1));
        session.Retrieve(2);
        session.Finish();
        Assert.That(_log.Last("fin1").Failure, Is.EqualTo(error));
        Assert.That(next.Held, Is.EqualTo(_cold));
    }

    [TestCaseSource(nameof(Thrown))]
    public void Can_finish_refuses_for_now(Exception exception, LiveUpdateError error)
    {
        Generation.Preserve(_first.Create("s"), 1, 2);
        Generation next = _first.Update();
        Session session = next.Retrieve("s");
        Held before = next.Held;
        Throw("cfin1", exception);
        Assert.That(Refused.With(LiveUpdateError.Busy, session.Finish).InnerException, Is.SameAs(exception), $"{error}");
        Refused.With(LiveUpdateError.Busy, session.Close);
        Assert.That(next.Held, Is.EqualTo(before));
        _log.Heal("cfin1");
        next.Retrieve("s").Close();
        Assert.That(next.Held, Is.EqualTo(_cold));
    }

    [TestCaseSource(nameof(Thrown))]
    public void Finish_goes_on_and_is_reported(Exception exception, LiveUpdateError error)
    {
        Generation.Preserve(_first.Create("s"), 1, 2, 3);
        Generation next = _first.Update();
        Session session = next.Retrieve("s");
        session.Retrieve(1);
        foreach (string name in new[] { "fin3", "fin1", "A.fin" })
            Throw(name, exception);
        _log.Take();
        session.Finish();
        Assert.That(_log.Take(), Is.EqualTo("cfin1 cfin2 cfin3 fin3 fin2 fin1 A.ret A.fin"));
        AssertReported(next, exception, error, "finish", "finish", "FLB finish");
        Assert.That(next.Held, Is.EqualTo(_cold));
    }

    [TestCaseSource(nameof(Thrown))]
    public void The_id_of_a_retrieved_object_that_cannot_be_had_is_reported(Exception exception, LiveUpdateError error)
    {
        Generation.Preserve(_first.Create("s"), 1);
        Generation next = _first.Update();
        using Session session = next.Retrieve("s");
        Throw("id1", exception);
        Assert.That(session.Retrieve<TestFile>(1).Number, Is.EqualTo(1));
        AssertReported(next, exception, error, "get id");
        session.Finish();
        Assert.That(next.Held, Is.EqualTo(_cold));
    }

    private static void AssertReported(Generation generation, Exception exception, LiveUpdateError error, params string[] operations)
    {
        Assert.That(generation.Luo.CleanupErrors.Select(static cleanup => cleanup.Operation), Is.EqualTo(operations));
        foreach (LiveUpdateException cleanup in generation.Luo.CleanupErrors)
            Assert.That((cleanup.Error, cleanup.InnerException), Is.EqualTo((error, exception)));
    }

    private static TestCaseData Case(Exception exception, LiveUpdateError error) =>
        new TestCaseData(exception, error).SetArgDisplayNames($"{exception.GetType().Name} is {error}");

    private void Throw(string name, Exception exception) => _log.On(name, () => throw exception);
}
