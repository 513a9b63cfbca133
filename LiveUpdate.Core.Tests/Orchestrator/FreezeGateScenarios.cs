using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Reference part 5 and T-094 to T-096: what a hand-over waits for, and what waits for a hand-over.</summary>
public class FreezeGateScenarios
{
    /// <summary>C-04 and U-09, as far as a process can: from the freeze to the commit everything waits, and then it throws.</summary>
    [Test]
    public void T_094_operations_wait_for_the_commit_and_throw()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        LiveUpdateDevice device = first.Device;
        Session s = first.Create("s");
        Session t = first.Create("t");
        Session u = first.Create("u");
        Generation.Preserve(s, 1);
        List<Worker> workers = [];
        Worker? silent = null;
        Worker? opener = null;
        first.Luo.HandOver(new StopTarget
        {
            BeforeCommit = _ =>
            {
                foreach (Action operation in (Action[])[
                    () => device.CreateSession("v"),
                    () => device.RetrieveSession("v"),
                    () => Generation.Preserve(t, 2),
                    () => t.GetFiles(),
                    () => t.CheckUsable("get name"),
                    s.Close])
                {
                    workers.Add(Worker.Start(() => Refused.With(LiveUpdateError.Shutdown, operation)).UntilItWaits());
                }

                silent = Worker.Start(u.Dispose).UntilItWaits();
                device.Dispose();
                opener = Worker.Start(() => Refused.With(LiveUpdateError.Shutdown, () => first.Luo.OpenDevice())).UntilItWaits();
            },
        });
        foreach (Worker worker in workers)
            worker.Join();
        silent!.Join();
        opener!.Join();
        Refused.With(LiveUpdateError.Shutdown, () => t.GetFiles());
        Refused.With(LiveUpdateError.Shutdown, () => first.Luo.HandOver(new StopTarget()));
        Assert.That(s.Dispose, Throws.Nothing);
        first.Luo.Dispose();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 frz1"), "over is over: nothing is unpreserved");
    }

    /// <summary>C-05: a request that fails a check before the gate is answered at once, frozen or not.</summary>
    [Test]
    public void Invalid_requests_are_answered_while_everything_is_frozen()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        int session = user.Create("s");
        byte[] request = UapiUser.NameStruct("x"u8, size: 73);
        request[72] = 1;
        first.Luo.HandOver(new StopTarget
        {
            BeforeCommit = engine =>
            {
                Assert.That(user.Ioctl(session, 0xBA44, request), Is.EqualTo(LiveUpdateError.InvalidArgument));
                Assert.That(user.Ioctl(session, 0xBB40, request), Is.EqualTo(LiveUpdateError.NotATypewriter));
                Assert.That(user.Ioctl(session, LiveUpdateIoctl.Finish, request), Is.EqualTo(LiveUpdateError.InvalidArgument));
                Assert.That(user.Ioctl(session, LiveUpdateIoctl.GetName, request), Is.EqualTo(LiveUpdateError.TooBig));
                Assert.That(user.GetName(session, out byte[] _, reserved: 1), Is.EqualTo(LiveUpdateError.InvalidArgument));
                Assert.That(user.Create("", out _), Is.EqualTo(LiveUpdateError.InvalidArgument));
            },
        });
        Assert.That(user.GetName(session, out _), Is.EqualTo(LiveUpdateError.Shutdown));
        Assert.That(user.Create("t", out _), Is.EqualTo(LiveUpdateError.Shutdown));
        Assert.That(user.Finish(session), Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(user.Close(session), Is.EqualTo(LiveUpdateError.None));
    }

    [Test]
    public void T_095_create_that_waits_goes_on_after_a_failed_freeze()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Generation.Preserve(s, 1);
        log.Take();
        Session? t = null;
        Worker? creator = null;
        Worker? preserver = null;
        log.On("frz1", () =>
        {
            creator = Worker.Start(() => t = first.Create("t")).UntilItWaits();
            preserver = Worker.Start(() => Generation.Preserve(s, 2)).UntilItWaits();
            throw new LiveUpdateException(LiveUpdateError.TimerExpired, "frz1");
        });
        Refused.With(LiveUpdateError.TimerExpired, () => first.Stop());
        creator!.Join();
        preserver!.Join();
        Assert.That(t!.Name, Is.EqualTo("t"));
        Assert.That(log.Take(), Is.EqualTo("frz1 can2 pre2"));
        log.Heal("frz1");
        Assert.That(first.Stop().Sessions, Is.EqualTo("s(1:11001 2:11002) t()"));
    }

    [Test]
    public void T_096_freeze_waits_for_a_preserve_under_way()
    {
        var log = new CallbackLog();
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        log.On("pre1", () =>
        {
            inside.Set();
            Worker.Until(goOn);
        });
        Worker preserver = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(inside);
        HandedOverImage? image = null;
        Worker freezer = Worker.Start(() => image = first.Stop());
        Worker.Until(() => first.Engine.Gate.IsClosed);
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
        goOn.Set();
        preserver.Join();
        freezer.Join();
        Assert.That(log.Take(), Is.EqualTo("frz1"));
        Assert.That(image!.Sessions, Is.EqualTo("s(1:11001)"));
    }

    /// <summary>C-03: who comes after the one who closes the gate waits, also while that one still waits for those inside.</summary>
    [Test]
    public void Freeze_that_waits_shuts_out_new_operations()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        log.On("pre1", () => Worker.Until(goOn));
        log.Fail("frz1");
        Worker preserver = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(() => log.Count("pre1") == 1);
        Worker freezer = Worker.Start(() => Refused.With(LiveUpdateError.InputOutput, () => first.Stop()));
        Worker.Until(() => first.Engine.Gate.IsClosed);
        Worker creator = Worker.Start(() => first.Create("t")).UntilItWaits();
        goOn.Set();
        preserver.Join();
        freezer.Join();
        creator.Join();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 frz1"));
    }

    [Test]
    public void Gate_that_does_not_close_in_time_changes_nothing()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        LiveUpdateOptions options = Generation.Options(new RecordingHandler(log));
        options.GateTimeout = TimeSpan.FromMilliseconds(1);
        using var cold = Generation.Boot();
        Generation first = cold.Update(options);
        Session s = first.Create("s");
        log.On("pre1", () => Worker.Until(goOn));
        Worker preserver = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(() => log.Count("pre1") == 1);
        Refused.With(LiveUpdateError.TimedOut, () => first.Stop());
        goOn.Set();
        preserver.Join();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
        Generation.Preserve(s, 2);
    }

    [Test]
    public void Cancellation_counts_until_the_commit()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        using var source = new CancellationTokenSource();
        using var frozen = new CancellationTokenSource();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        log.On("pre1", () => Worker.Until(goOn));
        Worker preserver = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(() => log.Count("pre1") == 1);
        Worker freezer = Worker.Start(() => Assert.That(
            () => first.Luo.HandOver(new StopTarget(), source.Token), Throws.InstanceOf<OperationCanceledException>()));
        Worker.Until(() => first.Engine.Gate.IsClosed);
        source.Cancel();
        freezer.Join();
        goOn.Set();
        preserver.Join();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"), "at the gate");
        log.On("frz1", frozen.Cancel);
        Assert.That(() => first.Luo.HandOver(new StopTarget(), frozen.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(log.Take(), Is.EqualTo("frz1 unf1"), "frozen");
        using var late = new CancellationTokenSource();
        Assert.That(() => first.Luo.HandOver(new StopTarget { BeforeCommit = _ => late.Cancel() }, late.Token), Throws.Nothing);
    }

    [Test]
    public void Second_hand_over_at_the_same_time_is_refused()
    {
        using var first = Generation.Boot();
        first.Luo.HandOver(new StopTarget
        {
            BeforeCommit = _ => Worker.Start(() => Refused.With(LiveUpdateError.Busy, () => first.Luo.HandOver(new StopTarget()))).Join(),
        });
    }
}
