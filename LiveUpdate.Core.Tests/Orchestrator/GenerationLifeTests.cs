using System.Runtime.CompilerServices;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>The end of a generation without a hand-over, and what must not end one.</summary>
public class GenerationLifeTests
{
    [Test]
    public void Dispose_closes_outgoing_sessions_newest_first()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Session t = first.Create("t");
        Generation.Preserve(s, 1, 2);
        Generation.Preserve(t, 3);
        log.Take();
        first.Luo.Dispose();
        Assert.That(log.Take(), Is.EqualTo("unp3 unp2 unp1"));
        first.Luo.Dispose();
        Assert.That(log.Take(), Is.Empty);
    }

    [Test]
    public void Disposed_orchestrator_says_so()
    {
        var a = new RecordingFlb(new CallbackLog(), "A");
        using var first = Generation.Boot(new RecordingHandler(new CallbackLog()).DependingOn(a));
        Generation.Preserve(first.Create("in"), 1);
        Generation second = first.Update();
        LiveUpdateDevice device = second.Device;
        Session s = second.Create("s");
        Generation.Preserve(s, 2);
        Session incoming = second.Retrieve("in");
        FlbReference<FlbObject> outgoing = second.Luo.GetOutgoing(a);
        FlbReference<FlbObject> arrived = second.Luo.GetIncoming(a);
        second.Luo.Dispose();
        foreach (Action operation in (Action[])[
            () => device.CreateSession("t"),
            () => device.RetrieveSession("in"),
            () => device.GetIncomingSessions(),
            () => Generation.Preserve(s, 3),
            () => s.GetFiles(),
            () => incoming.Retrieve(1),
            incoming.Finish,
            incoming.Close,
            () => second.Luo.OpenDevice(),
            () => second.Luo.GetIncoming(a),
            () => second.Luo.GetOutgoing(a),
            () => second.Luo.HandOver(new StopTarget())])
        {
            Assert.That(operation, Throws.TypeOf<ObjectDisposedException>());
        }

        foreach (Action silent in (Action[])[device.Dispose, s.Close, s.Dispose, incoming.Dispose, outgoing.Dispose, arrived.Dispose])
            Assert.That(silent, Throws.Nothing);
    }

    [Test]
    public void Dispose_waits_for_an_operation_under_way()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        log.On("pre1", () => Worker.Until(goOn));
        Worker preserver = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(() => log.Count("pre1") == 1);
        Worker disposer = Worker.Start(first.Luo.Dispose).UntilItWaits();
        goOn.Set();
        preserver.Join();
        disposer.Join();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 unp1"));
    }

    [Test]
    public void Dispose_waits_for_a_hand_over_and_leaves_what_it_handed_over()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Generation.Preserve(first.Create("s"), 1);
        Worker? disposer = null;
        first.Luo.HandOver(new StopTarget { BeforeCommit = _ => disposer = Worker.Start(first.Luo.Dispose).UntilItWaits() });
        disposer!.Join();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 frz1"));
    }

    [Test]
    public void Dispose_from_a_callback_is_refused()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        log.On("pre1", first.Luo.Dispose);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => Generation.Preserve(s, 1));
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>());
        log.Heal("pre1");
        Generation.Preserve(s, 1);
    }

    /// <summary>Reference S-24, before anybody has opened the device: the guard reads the image.</summary>
    [Test]
    public void Hand_over_names_sessions_that_nobody_has_looked_at()
    {
        var log = new CallbackLog();
        using var memory = KhoMemory.Allocate(Generation.SmallMemory);
        using (Generation first = Generation.Boot(memory, new RecordingHandler(log)))
        {
            Generation.Preserve(first.Create("a"), 1);
            first.Create("b");
            first.Stop();
        }

        var options = new LiveUpdateOptions { Memory = memory };
        using var second = LiveUpdateOrchestrator.Boot(options);
        Assert.That(() => second.HandOver(new StopTarget()), Throws.InvalidOperationException.With.Message.Contains("a, b"));
        Refused.With(LiveUpdateError.InputOutput, () => second.OpenDevice());
        Assert.That(
            () => second.HandOver(new StopTarget()),
            Throws.InvalidOperationException.With.Message.Contains("a, b"),
            "nor after it cannot be read");
    }

    [Test]
    public void What_two_orchestrators_hold_is_counted_apart()
    {
        using Generation first = Generation.Boot(new PageHandler()), second = Generation.Boot(new PageHandler());
        Generation[] next = [.. new[] { first, second }.Select(static generation =>
        {
            Generation.Preserve(generation.Create("s"), 1);
            return generation.Update();
        })];
        foreach (Generation generation in next)
        {
            Assert.That(generation.Held.Pages, Does.Contain("incoming file blocks: 1"));
            Generations.AssertBalanced(generation.Engine.Memory);
        }
    }

    [Test]
    public void Open_session_is_never_ended_by_the_collector()
    {
        var log = new CallbackLog();
        (WeakReference<Session> session, WeakReference<LiveUpdateEngine> engine) = Forget(log);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(session.TryGetTarget(out Session? found), Is.True);
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
        found!.Close();
        Assert.That(log.Take(), Is.EqualTo("unp1"));
        Assert.That(engine.TryGetTarget(out LiveUpdateEngine? end), Is.True);
        end!.Dispose();
        end.Memory.Memory.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference<Session> Session, WeakReference<LiveUpdateEngine> Engine) Forget(CallbackLog log)
    {
        Generation generation = Generation.Boot(new RecordingHandler(log));
        Session session = generation.Create("s");
        Generation.Preserve(session, 1);
        return (new WeakReference<Session>(session), new WeakReference<LiveUpdateEngine>(generation.Engine));
    }
}
