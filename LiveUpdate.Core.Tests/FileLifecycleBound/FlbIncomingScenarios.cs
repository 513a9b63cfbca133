using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.FileLifecycleBound;

/// <summary>The incoming side of FLBs: reference 7.7, T-148 to T-154, T-158 and T-165.</summary>
public class FlbIncomingScenarios
{
    private CallbackLog _log = null!;
    private FlbLife _life = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _life = new FlbLife(_log);
    }

    [TearDown]
    public void TearDown() => _life.Dispose();

    [Test]
    public void T_148_nothing_handed_over_and_none_of_that_name_are_told_apart()
    {
        Refused.With(LiveUpdateError.NoData, () => _life.First.Luo.GetIncoming(_life.A));
        Generation next = _life.First.Update();
        Refused.With(LiveUpdateError.NotFound, () => next.Luo.GetIncoming(_life.A));
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void T_149_each_flb_is_retrieved_once_and_lives_on()
    {
        Generation next = Update();
        foreach (RecordingFlb flb in new[] { _life.A, _life.B, _life.C })
        {
            using FlbReference<FlbObject> reference = next.Luo.GetIncoming(flb);
            Assert.That(reference.Value, Is.EqualTo(new FlbObject(flb.Handle, IsIncoming: true)));
            using FlbReference<FlbObject> again = next.Luo.GetIncoming(flb);
            Assert.That(again.Value, Is.SameAs(reference.Value));
        }

        Assert.That(_log.Take(), Is.EqualTo("A.ret B.ret C.ret"));
        Assert.That(_log.Last("A.ret").Data, Is.EqualTo(565));
    }

    [Test]
    public void T_150_the_last_file_finishes_the_flb()
    {
        Generation next = Update();
        GetAndPutAll(next);
        _log.Take();
        using Session session = next.Retrieve("s");
        session.Finish();
        Assert.That(_log.Take(), Is.EqualTo("cfin1 cfin2 cfin3 fin3 C.fin fin2 fin1 B.fin A.fin"));
        CallbackCall call = _log.Last("A.fin");
        Assert.That((call.Data, call.Object), Is.EqualTo((0UL, (object)new FlbObject(565, IsIncoming: true))));
    }

    [Test]
    public void T_151_a_finished_flb_is_gone()
    {
        Generation next = Update();
        GetAndPutAll(next);
        next.Retrieve("s").Finish();
        Refused.With(LiveUpdateError.NoData, () => next.Luo.GetIncoming(_life.B));
    }

    // (library) The kernel runs no callback of the FLBs (G-23).
    [Test]
    public void T_152_an_flb_that_nobody_asked_for_is_retrieved_and_finished()
    {
        Generation next = Update();
        using Session session = next.Retrieve("s");
        session.Finish();
        Assert.That(_log.Take(), Is.EqualTo("cfin1 cfin2 cfin3 fin3 C.ret C.fin fin2 fin1 B.ret B.fin A.ret A.fin"));
        Assert.That(_log.Last("A.fin").Object, Is.EqualTo(new FlbObject(565, IsIncoming: true)));
        Refused.With(LiveUpdateError.NoData, () => next.Luo.GetIncoming(_life.A));
    }

    [Test]
    public void T_153_a_failed_retrieve_stays_failed()
    {
        Generation next = Update();
        LiveUpdateException first = FailToGetA(next);
        _log.Heal("A.ret");
        LiveUpdateException second = Refused.With(LiveUpdateError.InputOutput, () => next.Luo.GetIncoming(_life.A));
        Assert.That(second.InnerException, Is.SameAs(first));
        Assert.That(_log.Take(), Is.EqualTo("A.ret"));
    }

    [Test]
    public void T_154_an_flb_that_could_not_be_retrieved_is_not_finished()
    {
        Generation next = Update();
        FailToGetA(next);
        _log.Take();
        using Session session = next.Retrieve("s");
        session.Finish();
        Assert.That(_log.Take(), Is.EqualTo("cfin1 cfin2 cfin3 fin3 C.ret C.fin fin2 fin1 B.ret B.fin"));
        Refused.With(LiveUpdateError.InputOutput, () => next.Luo.GetIncoming(_life.A));
        Assert.That(next.Luo.CleanupErrors.Select(static error => error.Handler), Is.EqualTo(["A"]));
    }

    [Test]
    public void An_flb_that_could_not_be_retrieved_is_held_until_its_last_file_is_finished()
    {
        Generation next = Update();
        FailToGetA(next);
        IncomingFlb incoming = next.Engine.Flbs.Get(_life.A).Incoming;
        Assert.That(incoming.IsHeld, Is.True);
        using Session session = next.Retrieve("s");
        session.Finish();
        Assert.That(incoming.IsHeld, Is.False);
    }

    [Test]
    public void T_158_a_reference_keeps_the_flb_over_the_finish()
    {
        Generation next = Update();
        FlbReference<FlbObject> reference = next.Luo.GetIncoming(_life.A);
        using Session session = next.Retrieve("s");
        session.Finish();
        Assert.That(_log.Take(), Does.Not.Contain("A.fin"));
        reference.Dispose();
        Assert.That(_log.Take(), Is.EqualTo("A.fin"));
        Refused.With(LiveUpdateError.NoData, () => next.Luo.GetIncoming(_life.A));
    }

    [Test]
    public void T_165_the_test_flbs_of_the_kernel()
    {
        const ulong Data = 0xFEEDF00DCAFEBEE0;
        RecordingFlb[] flbs = [.. Enumerable.Range(0, 3).Select(i => Flb(i, Data + (ulong)i))];
        RecordingHandler[] handlers = [Handler("k1", flbs), Handler("k2", flbs)];
        using Generation first = Generation.Boot(handlers);
        foreach (RecordingFlb flb in flbs)
            Refused.With(LiveUpdateError.NoData, () => first.Luo.GetIncoming(flb));
        Refused.With(LiveUpdateError.Exists, () => first.Luo.Register(flbs[0], handlers[0]));

        Session aborted = first.Create("aborted");
        aborted.Preserve(1, new TestFile(1, "k1"));
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("0.pre 1.pre 2.pre pre1"));
        aborted.Close();
        Assert.That(_log.Take(), Is.EqualTo("unp1 2.unp 1.unp 0.unp"));

        Session session = first.Create("s");
        session.Preserve(1, new TestFile(1, "k1"));
        session.Preserve(2, new TestFile(2, "k2"));
        Generation next = first.Update();
        _log.Take();
        foreach (RecordingFlb flb in flbs)
        {
            using FlbReference<FlbObject> reference = next.Luo.GetIncoming(flb);
            Assert.That(reference.Value!.Data, Is.EqualTo(flb.Handle));
        }

        next.Retrieve("s").Close();
        Assert.That(_log.Take(), Is.EqualTo("0.ret 1.ret 2.ret cfin1 cfin2 fin2 fin1 2.fin 1.fin 0.fin"));
        Assert.That(_log.Last("2.fin").Object, Is.EqualTo(new FlbObject(Data + 2, IsIncoming: true)));
    }

    [Test]
    public void A_handler_gets_its_flbs_in_its_callbacks()
    {
        List<FlbObject?> got = [];
        var flb = new RecordingFlb(_log, "A");
        var handler = new FlbUser(flb, got);
        handler.DependsOn.Add(flb);
        using Generation first = Generation.Boot(handler);
        Session session = first.Create("s");
        session.Preserve(1, new TestFile(1));
        session.Close();
        first.Create("t").Preserve(1, new TestFile(1));
        Generation next = first.Update();
        using Session incoming = next.Retrieve("t");
        incoming.Retrieve(1);
        incoming.Finish();
        FlbObject outgoingObject = new(565, IsIncoming: false), incomingObject = new(565, IsIncoming: true);
        Assert.That(got.Take(4), Is.All.EqualTo(outgoingObject));
        Assert.That(got.Skip(4), Is.EqualTo([incomingObject, incomingObject, incomingObject]));
        Assert.That(_log.Take(), Is.EqualTo("A.pre A.unp A.pre A.ret A.fin"));
    }

    private RecordingFlb Flb(int number, ulong data) => new(_log, $"{number}", $"liveupdate-test-flb-v{number}", data);

    private RecordingHandler Handler(string kind, RecordingFlb[] flbs) =>
        new RecordingHandler(_log, kind) { Kind = kind }.DependingOn(flbs);

    private Generation Update()
    {
        Generation next = _life.UpdateWithThreeFiles();
        _log.Take();
        return next;
    }

    private LiveUpdateException FailToGetA(Generation next)
    {
        _log.Fail("A.ret");
        return Refused.With(LiveUpdateError.InputOutput, () => next.Luo.GetIncoming(_life.A));
    }

    private void GetAndPutAll(Generation next)
    {
        foreach (RecordingFlb flb in new[] { _life.A, _life.B, _life.C })
            next.Luo.GetIncoming(flb).Dispose();
    }

    /// <summary>Asks for its FLB in every callback that may (H-09).</summary>
    private sealed class FlbUser(RecordingFlb flb, List<FlbObject?> got) : FileHandler<TestFile>("flb-user")
    {
        protected override void Preserve(ref PreserveContext<TestFile> context) => got.Add(context.GetFlb(flb));

        protected override void Unpreserve(in FileContext<TestFile> context) => got.Add(context.GetFlb(flb));

        protected override void Freeze(ref FreezeContext<TestFile> context) => got.Add(context.GetFlb(flb));

        protected override TestFile Retrieve(ref RetrieveContext context)
        {
            got.Add(context.GetFlb(flb));
            return new TestFile(1);
        }

        protected override bool CanFinish(in FinishContext<TestFile> context)
        {
            got.Add(context.GetFlb(flb));
            return true;
        }

        protected override void Finish(in FinishContext<TestFile> context) => got.Add(context.GetFlb(flb));
    }
}
