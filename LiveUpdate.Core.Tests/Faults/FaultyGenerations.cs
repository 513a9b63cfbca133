using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Faults;

/// <summary>
/// Generations under a <see cref="FaultPlan"/>, and what is asserted after every operation: a refusal is that of the step that failed and left
/// everything as it was, so that the operation is repeated and succeeds; what cannot refuse was reported; and the books agree with the ledger.
/// </summary>
internal sealed class FaultyGenerations : IDisposable
{
    private readonly FaultPlan _plan;
    private readonly Generation _first;
    private readonly Held _cold;
    private readonly FaultyFlb[] _flbs;
    private readonly List<LiveUpdateException> _failedFlbs = [];

    public FaultyGenerations(FaultPlan plan)
    {
        _plan = plan;
        _flbs = [.. new[] { "A", "B", "C" }.Select(name => new FaultyFlb(name, plan, Ledger))];
        _first = Now = Generation.Boot(
            new FaultyHandler("one", plan, Ledger, A, B),
            new FaultyHandler("two", plan, Ledger, B, C),
            new FaultyHandler("three", plan, Ledger),
            new PageHandler("plain-v1") { Kind = "plain" });
        _cold = Now.Held;
        Begin();
    }

    public FaultyFlb A => _flbs[0];

    public FaultyFlb B => _flbs[1];

    public FaultyFlb C => _flbs[2];

    public Generation Now { get; private set; }

    public FaultLedger Ledger { get; } = new();

    /// <summary>An operation that leaves everything as it was if a step fails, and can be repeated.</summary>
    public void Do(Action operation)
    {
        while (!Try(operation))
        {
        }
    }

    public Session Create(string name)
    {
        Session? session = null;
        Do(() => session = Now.Create(name));
        return session!;
    }

    public Session Retrieve(string name)
    {
        Session? session = null;
        Do(() => session = Now.Retrieve(name));
        return session!;
    }

    public void Preserve(Session session, ulong token, string kind, int number) => Preserve(session, token, new TestFile(number, kind));

    public void Preserve(Session session, ulong token, TestFile file) => Do(() => session.Preserve(token, file));

    /// <summary>Retrieves a file, which has one attempt: if that fails, so does the next, without a callback (reference R-04).</summary>
    /// <returns>The file; null if it cannot be had.</returns>
    public TestFile? Retrieve(Session session, ulong token)
    {
        TestFile? file = null;
        LedgerFile entry = Ledger.Incoming[(session.Name, token)];
        FilePhase before = entry.Phase;
        int steps = _plan.Steps;
        bool refused = false;
        Held held = Now.Held;
        int reported = Now.Luo.CleanupErrors.Count;
        try
        {
            file = session.Retrieve<TestFile>(token);
        }
        catch (LiveUpdateException refusal)
        {
            refused = true;
            Assert.That(entry.Phase, Is.EqualTo(FilePhase.Failed), $"{refusal}");
            Assert.That(Causes(refusal), Does.Contain(entry.Failure));
            Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo((session.Name, (Token?)token, entry.Handler.Compatible)));
            steps = _plan.Steps;
            Refused.With(refusal.Error, () => session.Retrieve(token));
            Assert.That(_plan.Steps, Is.EqualTo(steps), "a callback was made again");
            Assert.That(Now.Held.Flbs, Is.EqualTo(held.Flbs));
        }

        if (before == FilePhase.Retrieved)
            Assert.That((file, _plan.Steps), Is.EqualTo((entry.Object, steps)));
        else if (!refused)
            Assert.That((file, file?.Number, entry.Phase), Is.EqualTo((entry.Object, (int?)entry.Number, FilePhase.Retrieved)));
        List<Fault> faults = _plan.Take();
        AssertReported(Now, reported, faults.Where(static fault => fault.Operation == "get id"));
        AssertAgreed();
        return file;
    }

    /// <summary>Gets an FLB that was handed over, which is retrieved once (reference G-24).</summary>
    /// <returns>The reference; null if it cannot be had.</returns>
    public FlbReference<FlbObject>? GetIncoming(FaultyFlb flb)
    {
        try
        {
            FlbReference<FlbObject> reference = Now.Luo.GetIncoming(flb);
            Assert.That((reference.Value!.IsIncoming, Ledger.IncomingFlb(flb.Compatible)), Is.EqualTo((true, FlbPhase.Live)));
            return reference;
        }
        catch (LiveUpdateException refusal)
        {
            _plan.Take();
            Assert.That((refusal.Handler, Ledger.IncomingFlb(flb.Compatible)), Is.EqualTo((flb.Compatible, FlbPhase.Failed)));
            int steps = _plan.Steps;
            Refused.With(refusal.Error, () => Now.Luo.GetIncoming(flb));
            Assert.That(_plan.Steps, Is.EqualTo(steps), "the FLB was retrieved again");
            return null;
        }
    }

    /// <summary>A hand-over that is called off when everything is frozen.</summary>
    public void CallOff()
    {
        bool calledOff = false;
        var target = new StopTarget
        {
            BeforeCommit = _ =>
            {
                calledOff = true;
                throw new LiveUpdateException(LiveUpdateError.Canceled);
            },
        };
        while (!calledOff)
        {
            Try(() =>
            {
                LiveUpdateException refusal = Assert.Catch<LiveUpdateException>(() => Now.Luo.HandOver(target))!;
                if (!calledOff)
                    throw refusal;
                Assert.That(refusal.Error, Is.EqualTo(LiveUpdateError.Canceled));
            });
        }

        Assert.That(Ledger.Outgoing.Values.Select(static file => file.Phase), Is.All.EqualTo(FilePhase.Preserved));
    }

    /// <summary>The next generation: what it finds is what was preserved.</summary>
    public void Update()
    {
        Generation? next = null;
        Do(() => next = Now.Update());
        Assert.That((Now.Luo.IsOver, next!.Luo.IsOver), Is.EqualTo((true, false)));
        AssertFailedFlbsReported();
        Ledger.HandOver();
        Now = next;
        Begin();
        AssertAgreed();
    }

    /// <summary>The sessions and files that were handed over, as they are listed: <c>a(1 2) b()</c>.</summary>
    public string Listed() => string.Join(' ', Now.Device.GetIncomingSessions().Select(name =>
    {
        using Session session = Now.Retrieve(name);
        Assert.That(session.GetFiles().Select(static file => file.Status), Is.All.EqualTo(FileStatus.Listed));
        return $"{name}({string.Join(' ', session.GetFiles().Select(static file => file.Token.Value))})";
    }));

    /// <summary>The end of a life in which every session was finished: nothing is left.</summary>
    public void End()
    {
        AssertFailedFlbsReported();
        Assert.That(Now.Held, Is.EqualTo(_cold));
        Assert.That(Ledger.Incoming.Keys.Concat(Ledger.Outgoing.Keys), Is.Empty);
    }

    public void Dispose() => _first.Dispose();

    private void Begin()
    {
        Now.Engine.Memory.AllocationFault = _ => _plan.Memory(FaultKind.Allocation);
        Now.Engine.Sessions.Files.RecordFault = _ => _plan.Memory(FaultKind.Record);
    }

    private bool Try(Action operation)
    {
        Generation generation = Now;
        Held before = generation.Held;
        int reported = Now.Luo.CleanupErrors.Count;
        bool succeeded = false;
        List<Fault> faults;
        try
        {
            operation();
            succeeded = true;
            faults = _plan.Take();
        }
        catch (LiveUpdateException refusal)
        {
            faults = _plan.Take();
            Fault cause = faults.Find(static fault => !fault.IsCleanup) ?? throw new AssertionException($"Nothing failed, and it was refused: {refusal}");
            faults.Remove(cause);
            AssertNamed(refusal, cause);
            Assert.That((generation.Luo.IsOver, generation.Held), Is.EqualTo((false, before)), $"after {cause}");
        }

        AssertReported(generation, reported, faults);
        if (!generation.Luo.IsOver)
            AssertAgreed();
        return succeeded;
    }

    private static void AssertNamed(LiveUpdateException refusal, Fault cause)
    {
        Assert.That(refusal.Error, Is.EqualTo(cause.Error), $"{refusal}");
        Assert.That(refusal.Message, Is.Not.Empty);
        if (cause.Exception is null)
            return;
        Assert.That(Causes(refusal), Does.Contain(cause.Exception));
        Assert.That(refusal.Handler, Is.EqualTo(cause.Owner));
        if (!cause.Operation.StartsWith("FLB verify", StringComparison.Ordinal))
            Assert.That((refusal.Session, refusal.Token), Is.Not.EqualTo(((string?)null, (Token?)null)), $"{refusal}");
    }

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    /// <summary>What failed and could not refuse was reported, each in order; an FLB that cannot be had, when its last file is finished.</summary>
    private void AssertReported(Generation generation, int before, IEnumerable<Fault> faults)
    {
        LiveUpdateException[] added = [.. generation.Luo.CleanupErrors.Skip(before)];
        _failedFlbs.AddRange(added.Where(static error => error.Operation == "FLB retrieve"));
        Assert.That(
            string.Join(", ", added.Where(static error => error.Operation != "FLB retrieve").Select(static error => $"{error.Operation} {error.Handler}")),
            Is.EqualTo(string.Join(", ", faults.Where(static fault => fault.Exception is not null && fault.Operation != "FLB retrieve")
                .Select(static fault => $"{fault.Operation} {fault.Owner}"))));
    }

    private void AssertFailedFlbsReported()
    {
        Assert.That(
            _failedFlbs.Select(static error => error.Handler).Order(),
            Is.EqualTo(_flbs.Select(static flb => flb.Compatible).Where(name => Ledger.IncomingFlb(name) == FlbPhase.Failed)));
        _failedFlbs.Clear();
    }

    private void AssertAgreed()
    {
        LiveUpdateEngine engine = Now.Engine;
        Assert.That(Ledger.Violations, Is.Empty);
        string flbs = string.Join(", ", engine.Flbs.Linked.Select(static flb => $"{flb.Flb.Compatible}: {flb.Outgoing.Files}, {flb.Incoming.IsHeld}"));
        Assert.That(flbs, Is.EqualTo(string.Join(", ", _flbs.Select(Describe))));
        foreach (FileRegistration registration in engine.Handlers.Ordered.Where(static registration => registration.Handler is FaultyHandler))
        {
            int files = Ledger.Outgoing.Values.Concat(Ledger.Incoming.Values).Count(file => file.Handler == registration.Handler);
            Assert.That(registration.LiveFiles, Is.EqualTo(files), registration.Handler.Compatible);
        }

        Generations.AssertBalanced(engine.Memory);
    }

    private string Describe(FaultyFlb flb)
    {
        bool isHeld = Ledger.IncomingFlb(flb.Compatible) == FlbPhase.Live || Ledger.FilesOf(flb.Compatible, isIncoming: true) > 0;
        return $"{flb.Compatible}: {Ledger.FilesOf(flb.Compatible, isIncoming: false)}, {isHeld}";
    }
}
