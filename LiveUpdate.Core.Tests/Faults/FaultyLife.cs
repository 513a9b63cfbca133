using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Faults;

/// <summary>
/// A life of three generations that makes every callback: sessions with files of three handlers that share FLBs, one session that is given up,
/// a hand-over that is called off; then what was retrieved is preserved again.
/// </summary>
internal sealed class FaultyLife
{
    // More files and sessions than a block has entries.
    private const int PlainFiles = 65;
    private const int EmptySessions = 52;

    private readonly FaultyGenerations _lives;
    private readonly bool _isCrowded;

    private FaultyLife(FaultyGenerations lives, bool isCrowded) => (_lives, _isCrowded) = (lives, isCrowded);

    /// <summary>Lives it once; where memory fails, among many sessions and files.</summary>
    public static void Live(FaultPlan plan)
    {
        using var lives = new FaultyGenerations(plan);
        var life = new FaultyLife(lives, plan.Kind == FaultKind.Allocation);
        life.First();
        List<TestFile> files = life.Second();
        life.Third(files);
    }

    private void First()
    {
        GiveUp();
        Session alpha = _lives.Create("alpha");
        _lives.Preserve(alpha, 1, "one", 1);
        _lives.Preserve(alpha, 2, "two", 2);
        _lives.Preserve(alpha, 3, "three", 3);
        _lives.Create("empty");
        Session beta = _lives.Create("beta");
        _lives.Preserve(beta, 1, "two", 4);
        _lives.Do(() => beta.Preserve(2, new TestFile(5, "one"), "five"));
        _lives.Preserve(beta, 3, "two", 7);
        Crowd();
        _lives.CallOff();
        _lives.Update();
        if (!_isCrowded)
            Assert.That(_lives.Listed(), Is.EqualTo("alpha(1 2 3) empty() beta(1 2 3)"));
    }

    /// <summary>A session that is closed before the hand-over, and an FLB that a reference holds for longer.</summary>
    private void GiveUp()
    {
        Session gone = _lives.Create("gone");
        _lives.Preserve(gone, 1, "one", 10);
        _lives.Preserve(gone, 2, "two", 11);
        FlbReference<FlbObject> reference = _lives.Now.Luo.GetOutgoing(_lives.C);
        _lives.Do(gone.Close);
        Assert.That(_lives.Ledger.OutgoingFlb("B"), Is.EqualTo(FlbPhase.Idle));
        Assert.That(_lives.Ledger.OutgoingFlb("C"), Is.EqualTo(FlbPhase.Held));
        _lives.Do(reference.Dispose);
        Assert.That(_lives.Ledger.OutgoingFlb("C"), Is.EqualTo(FlbPhase.Idle));
    }

    private List<TestFile> Second()
    {
        LeaveCrowd();
        Session alpha = _lives.Retrieve("alpha");
        List<TestFile?> files = [_lives.Retrieve(alpha, 1), _lives.Retrieve(alpha, 3)];
        FlbReference<FlbObject>? reference = _lives.GetIncoming(_lives.A);
        Session beta = _lives.Retrieve("beta");
        files.Add(_lives.Retrieve(beta, 1));
        beta.Dispose();
        beta = _lives.Retrieve("beta");
        _lives.Retrieve(beta, 1);
        files.Add(_lives.Retrieve(beta, 2));
        _lives.Do(alpha.Finish);
        _lives.Do(alpha.Close);
        Close("beta", beta);
        Assert.That(_lives.Ledger.IncomingFlb("B"), Is.AnyOf(FlbPhase.Finished, FlbPhase.Failed));
        if (reference is not null)
            _lives.Do(reference.Dispose);
        Close("empty", _lives.Retrieve("empty"));
        Assert.That(_lives.Now.Device.GetIncomingSessions(), Is.Empty);

        List<TestFile> had = [.. files.OfType<TestFile>()];
        Session again = _lives.Create("again");
        foreach (TestFile file in had)
            _lives.Preserve(again, (ulong)file.Number, file);
        _lives.Preserve(_lives.Create("new"), 1, "two", 20);
        _lives.Update();
        return had;
    }

    private void Third(List<TestFile> files)
    {
        Assert.That(_lives.Listed(), Is.EqualTo($"again({string.Join(' ', files.Select(static file => file.Number))}) new(1)"));
        Session again = _lives.Retrieve("again");
        foreach (TestFile file in files)
            _lives.Retrieve(again, (ulong)file.Number);
        Close("again", again);
        Close("new", _lives.Retrieve("new"));
        _lives.End();
    }

    /// <summary>Closes a session that came; where a handler refuses, the session is listed again (reference S-22).</summary>
    private void Close(string name, Session session) => _lives.Do(() =>
    {
        try
        {
            session.Close();
        }
        catch (LiveUpdateException)
        {
            session = _lives.Now.Retrieve(name);
            throw;
        }
    });

    private void Crowd()
    {
        if (!_isCrowded)
            return;
        Session crowd = _lives.Create("crowd");
        foreach (int number in Enumerable.Range(0, PlainFiles))
            _lives.Preserve(crowd, (ulong)number, "plain", number);
        foreach (int number in Enumerable.Range(0, EmptySessions))
            _lives.Create($"empty-{number}");
    }

    private void LeaveCrowd()
    {
        if (!_isCrowded)
            return;
        Session crowd = _lives.Now.Retrieve("crowd");
        Assert.That(crowd.Retrieve<TestFile>(PlainFiles - 1).Number, Is.EqualTo(PlainFiles - 1));
        crowd.Close();
        foreach (int number in Enumerable.Range(0, EmptySessions))
            _lives.Now.Retrieve($"empty-{number}").Close();
    }
}
