using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>The program comes to rest before anything is frozen, and goes on if the hand-over is called off, whatever the cause.</summary>
public class QuiesceTests
{
    private CallbackLog _log = null!;
    private Generation _generation = null!;
    private Session _session = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _generation = Generation.Boot(new RecordingHandler(_log));
        _session = _generation.Create("s");
        Generation.Preserve(_session, 1);
        _log.Take();
    }

    [TearDown]
    public void TearDown()
    {
        _session.Dispose();
        _generation.Dispose();
    }

    [Test]
    public void What_is_preserved_while_the_program_comes_to_rest_is_handed_over()
    {
        _log.On("quiesce", () => Generation.Preserve(_session, 2));
        LiveUpdateReport report = _generation.Luo.HandOver(Target());
        Assert.That(_log.Take(), Is.EqualTo("prepare quiesce can2 pre2 frz1 frz2 transfer committed"));
        Assert.That(report.Files, Is.EqualTo(2));
        string[] phases = ["prepare", "quiesce", "gate", "freeze", "serialize", "hand-over"];
        Assert.That(report.Phases.Select(static phase => phase.Name), Is.EqualTo(phases));
    }

    [Test]
    public void A_program_without_it_has_no_such_phase() => Assert.That(
        _generation.Luo.HandOver(new StopTarget()).Phases.Select(static phase => phase.Name), Has.None.EqualTo("quiesce"));

    [TestCase("quiesce", "prepare quiesce off resume")]
    [TestCase("frz1", "prepare quiesce frz1 off resume")]
    [TestCase("frz2", "prepare quiesce frz1 frz2 unf1 off resume")]
    [TestCase("transfer", "prepare quiesce frz1 frz2 transfer off unf1 unf2 resume")]
    public void Whatever_fails_before_the_commit_lets_the_program_go_on(string failing, string trace)
    {
        Generation.Preserve(_session, 2);
        _log.Take();
        var cause = new IOException(failing);
        _log.On(failing, () => throw cause);
        _log.On("resume", () => _generation.Create("the gate is open").Dispose());
        Exception? thrown = Assert.Catch(() => _generation.Luo.HandOver(Target()));
        Assert.That(thrown is LiveUpdateException ? thrown.InnerException : thrown, Is.SameAs(cause));
        Assert.That(_log.Take(), Is.EqualTo(trace));
        Assert.That(_generation.Luo.IsOver, Is.False);
        Assert.That(_generation.Luo.CleanupErrors, Is.Empty);
        _log.Heal(failing);
        _generation.Luo.HandOver(Target());
        Assert.That(_log.Take(), Is.EqualTo("prepare quiesce frz1 frz2 transfer committed"));
    }

    [Test]
    public void A_target_that_cannot_prepare_leaves_the_program_alone()
    {
        _log.Fail("prepare");
        Refused.With(LiveUpdateError.InputOutput, () => _generation.Luo.HandOver(Target()));
        Assert.That(_log.Take(), Is.EqualTo("prepare"));
    }

    [Test]
    public void After_the_commit_nothing_goes_on_here()
    {
        _log.Fail("committed", LiveUpdateError.BrokenPipe);
        Refused.With(LiveUpdateError.BrokenPipe, () => _generation.Luo.HandOver(Target()));
        Assert.That(_log.Take(), Is.EqualTo("prepare quiesce frz1 transfer committed"));
        Assert.That(_generation.Luo.IsOver, Is.True);
    }

    [Test]
    public void A_way_back_that_throws_does_not_hide_the_first_cause()
    {
        _log.Fail("transfer", LiveUpdateError.NoSpace);
        _log.On("resume", () => throw new IOException("no way back"));
        Refused.With(LiveUpdateError.NoSpace, () => _generation.Luo.HandOver(Target()));
        LiveUpdateException error = _generation.Luo.CleanupErrors.Single();
        Assert.That((error.Operation, error.InnerException!.Message), Is.EqualTo(("resume", "no way back")));
        _generation.Create("the gate is open");
    }

    [Test]
    public void Without_a_way_back_the_caller_takes_it_from_the_exception()
    {
        var target = new StopTarget { Quiescing = _ => throw new IOException("cannot rest"), CallingOff = () => Note("off") };
        Assert.That(() => _generation.Luo.HandOver(target), Throws.TypeOf<IOException>());
        Assert.That(_log.Take(), Is.EqualTo("off"));
    }

    [Test]
    public void Its_wait_ends_with_the_token_of_the_hand_over()
    {
        using var cancellation = new CancellationTokenSource();
        using var never = new ManualResetEventSlim();
        _log.On("prepare", cancellation.Cancel);
        var target = new StopTarget
        {
            Preparing = () => Note("prepare"),
            Quiescing = never.Wait,
            CallingOff = () => Note("off"),
            Resuming = () => Note("resume"),
        };
        Assert.That(() => _generation.Luo.HandOver(target, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_log.Take(), Is.EqualTo("prepare off resume"));
    }

    [Test]
    public void A_session_that_stays_in_use_calls_the_hand_over_off()
    {
        LiveUpdateOptions options = Generation.Options(new RecordingHandler(_log));
        options.GateTimeout = TimeSpan.FromMilliseconds(1);
        Generation next = _generation.Update(options);
        using var preserving = new ManualResetEventSlim();
        using var rested = new ManualResetEventSlim();
        _log.On("pre5", () =>
        {
            preserving.Set();
            Worker.Until(rested);
        });
        Session session = next.Create("busy");
        Worker user = Worker.Start(() => Generation.Preserve(session, 5));
        Worker.Until(preserving);
        _log.Take();
        _log.On("resume", rested.Set);
        Refused.With(LiveUpdateError.TimedOut, () => next.Luo.HandOver(Target()));
        user.Join();
        Assert.That(_log.Take(), Is.EqualTo("prepare quiesce off resume"));
    }

    [Test]
    public void A_second_hand_over_from_within_is_refused()
    {
        _log.On("quiesce", () => _generation.Luo.HandOver(new StopTarget()));
        Refused.With(LiveUpdateError.Busy, () => _generation.Luo.HandOver(Target()));
        Assert.That(_log.Take(), Is.EqualTo("prepare quiesce off resume"));
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Only Linux has successors.")]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public void A_way_back_from_nothing_is_misuse() => Assert.That(
        () => HandoverTarget.Successor(new SuccessorOptions { Resume = static () => { } }), Throws.ArgumentException);

    private StopTarget Target() => new()
    {
        Preparing = () => Note("prepare"),
        Quiescing = _ => Note("quiesce"),
        BeforeCommit = _ => Note("transfer"),
        AfterCommit = () => Note("committed"),
        CallingOff = () => Note("off"),
        Resuming = () => Note("resume"),
    };

    private void Note(string name) => _log.Record(new CallbackCall(name));
}
