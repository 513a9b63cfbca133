using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Sessions;

/// <summary>Reference part 5: what goes in parallel, and what excludes each other. Real threads, no time.</summary>
public class ConcurrencyScenarios
{
    private const int Threads = 4;
    private const int Rounds = 200;

    /// <summary>Reference C-08: both callbacks must be inside at once, or the barrier is never passed.</summary>
    [Test]
    public void Different_sessions_go_in_parallel_inside_one_handler()
    {
        var log = new CallbackLog();
        using var both = new Barrier(2);
        using var first = Generation.Boot(new RecordingHandler(log));
        Session[] sessions = [first.Create("s"), first.Create("t")];
        foreach (string callback in (string[])["pre0", "pre1", "unp0", "unp1"])
            log.On(callback, () => Assert.That(both.SignalAndWait(TimeSpan.FromSeconds(60)), Is.True));
        Worker.Race(2, number => Generation.Preserve(sessions[number], number));
        Worker.Race(2, number => sessions[number].Close());
        Assert.That(log.Calls, Has.Count.EqualTo(6));
    }

    [Test]
    public void Operations_on_one_session_exclude_each_other()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        log.On("pre1", () => Worker.Until(goOn));
        Worker one = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(() => log.Count("pre1") == 1);
        Worker two = Worker.Start(() => Generation.Preserve(s, 2)).UntilItWaits();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
        goOn.Set();
        one.Join();
        two.Join();
        Assert.That(log.Take(), Is.EqualTo("can2 pre2"));

        goOn.Reset();
        log.On("unp2", () => Worker.Until(goOn));
        Worker close = Worker.Start(s.Close);
        Worker.Until(() => log.Count("unp2") == 1);
        Worker late = Worker.Start(
            () => Assert.That(() => Generation.Preserve(s, 3), Throws.TypeOf<ObjectDisposedException>())).UntilItWaits();
        goOn.Set();
        close.Join();
        late.Join();
        Assert.That(log.Take(), Is.EqualTo("unp2 unp1"));
    }

    /// <summary>Reference C-09.</summary>
    [Test]
    public void One_of_many_creates_of_one_name_succeeds()
    {
        using var first = Generation.Boot();
        LiveUpdateDevice device = first.Device;
        for (int round = 0; round < Rounds; round++)
        {
            var made = new Session?[Threads];
            Worker.Race(Threads, number => made[number] = Try(LiveUpdateError.Exists, () => device.CreateSession("n")));
            Assert.That(made.Count(static session => session is not null), Is.EqualTo(1));
            made.Single(static session => session is not null)!.Close();
        }

        Assert.That(first.Engine.Outgoing.BlockCount, Is.Zero);
    }

    /// <summary>Reference C-09.</summary>
    [Test]
    public void One_of_many_retrieves_of_one_session_succeeds()
    {
        using var first = Generation.Boot();
        first.Create("n");
        Generation second = first.Update();
        for (int round = 0; round < Rounds; round++)
        {
            var got = new Session?[Threads];
            Worker.Race(Threads, number => got[number] = Try(LiveUpdateError.InvalidArgument, () => second.Device.RetrieveSession("n")));
            Assert.That(got.Count(static session => session is not null), Is.EqualTo(1));
            got.Single(static session => session is not null)!.Dispose();
        }
    }

    /// <summary>Reference C-10: refused while the other is still in its callback.</summary>
    [Test]
    public void Second_preserve_of_one_object_is_refused_without_a_callback()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        Session t = first.Create("t");
        var file = new TestFile(1);
        log.On("pre1", () => Worker.Until(goOn));
        Worker one = Worker.Start(() => s.Preserve(1, file));
        Worker.Until(() => log.Count("pre1") == 1);
        Refused.With(LiveUpdateError.Busy, () => t.Preserve(1, file));
        goOn.Set();
        one.Join();
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 can1"));
    }

    /// <summary>Reference C-11: one callback, whose outcome is shared.</summary>
    [TestCase(LiveUpdateError.None)]
    [TestCase(LiveUpdateError.InputOutput)]
    public void Retrieves_of_one_token_share_one_callback(LiveUpdateError outcome)
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        using var first = Generation.Boot(new RecordingHandler(log));
        Generation.Preserve(first.Create("s"), 1);
        Session s = first.Update().Retrieve("s");
        log.Take();
        log.On("ret1", () =>
        {
            Worker.Until(goOn);
            if (outcome != LiveUpdateError.None)
                throw new LiveUpdateException(outcome, "ret1");
        });
        var files = new object?[2];
        Worker one = Worker.Start(() => files[0] = Retrieve());
        Worker.Until(() => log.Count("ret1") == 1);
        Worker two = Worker.Start(() => files[1] = Retrieve()).UntilItWaits();
        goOn.Set();
        one.Join();
        two.Join();
        Assert.That(log.Take(), Is.EqualTo("ret1"));
        Assert.That(files[0], outcome == LiveUpdateError.None ? Is.TypeOf<TestFile>() : Is.Null);
        Assert.That(files[1], Is.SameAs(files[0]));

        object? Retrieve()
        {
            if (outcome == LiveUpdateError.None)
                return s.Retrieve(1);
            Refused.With(outcome, () => s.Retrieve(1));
            return null;
        }
    }

    /// <summary>Reference C-12: a second file waits until the FLB of the first one is preserved.</summary>
    [Test]
    public void Callbacks_of_one_flb_exclude_each_other()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        var a = new RecordingFlb(log, "A");
        using var first = Generation.Boot(new RecordingHandler(log).DependingOn(a));
        Session s = first.Create("s");
        Session t = first.Create("t");
        log.On("A.pre", () => Worker.Until(goOn));
        Worker one = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(() => log.Count("A.pre") == 1);
        Worker two = Worker.Start(() => Generation.Preserve(t, 2)).UntilItWaits();
        Worker get = Worker.Start(() => first.Luo.GetOutgoing(a).Dispose()).UntilItWaits();
        Assert.That(log.Take(), Is.EqualTo("can1 A.pre can2"));
        goOn.Set();
        one.Join();
        two.Join();
        get.Join();
        Assert.That(log.Take().Split(' '), Is.EquivalentTo((string[])["pre1", "pre2"]));
        s.Close();
        t.Close();
        Assert.That(log.Take(), Is.EqualTo("unp1 unp2 A.unp"));
    }

    /// <summary>Reference C-12.</summary>
    [Test]
    public void Sides_of_one_flb_are_independent()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        var a = new RecordingFlb(log, "A");
        using var first = Generation.Boot(new RecordingHandler(log).DependingOn(a));
        Generation.Preserve(first.Create("s"), 1);
        Generation second = first.Update();
        log.Take();
        log.On("A.pre", () => Worker.Until(goOn));
        Session t = second.Create("t");
        Worker preserver = Worker.Start(() => Generation.Preserve(t, 2));
        Worker.Until(() => log.Count("A.pre") == 2);
        using (FlbReference<FlbObject> reference = second.Luo.GetIncoming(a))
            Assert.That(reference.Value!.IsIncoming, Is.True);
        second.Retrieve("s").Finish();
        Assert.That(log.Take(), Is.EqualTo("can2 A.pre A.ret cfin1 fin1 A.fin"));
        goOn.Set();
        preserver.Join();
        t.Close();
        Assert.That(log.Take(), Is.EqualTo("pre2 unp2 A.unp"));
    }

    /// <summary>Sessions come and go on several threads while hand-overs are called off: nothing is lost, nothing is left.</summary>
    [Test]
    public void Sessions_come_and_go_while_hand_overs_are_called_off()
    {
        var log = new CallbackLog();
        var a = new RecordingFlb(log, "A");
        using var first = Generation.Boot(new RecordingHandler(log).DependingOn(a));
        Held before = first.Held;
        LiveUpdateDevice device = first.Device;
        Session kept = device.CreateSession("kept");
        Generation.Preserve(kept, 0);
        log.Fail("frz0");
        Worker.Race(Threads, number =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                if (number == 0)
                {
                    Refused.With(LiveUpdateError.InputOutput, () => first.Stop());
                    continue;
                }

                using Session session = device.CreateSession($"s{number}");
                Generation.Preserve(session, number, number + 10);
            }
        });
        Assert.That(log.Count("unp0"), Is.Zero);
        kept.Close();
        Assert.That(first.Held, Is.EqualTo(before));
        for (int number = 1; number < Threads; number++)
            Assert.That((log.Count($"pre{number}"), log.Count($"unp{number}")), Is.EqualTo((Rounds, Rounds)));
    }

    private static Session? Try(LiveUpdateError refusal, Func<Session> operation)
    {
        try
        {
            return operation();
        }
        catch (LiveUpdateException exception) when (exception.Error == refusal)
        {
            return null;
        }
    }
}
