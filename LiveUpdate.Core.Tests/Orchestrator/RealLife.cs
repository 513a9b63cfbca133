using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>A real orchestrator under the operations of <see cref="RandomLifeTests"/>, its answers as text.</summary>
internal sealed class RealLife : IDisposable
{
    private const int Files = 6;

    private readonly CallbackLog _log = new();
    private readonly RecordingFlb _flb;
    private readonly Generation _first;
    private readonly Held _cold;
    private readonly List<TestFile> _pool = [.. Enumerable.Range(0, Files).Select(static number => new TestFile(number))];
    private readonly OrderedDictionary<string, Session> _outgoing = [];
    private readonly OrderedDictionary<string, Session> _incoming = [];
    private Generation _now;

    public RealLife()
    {
        _flb = new RecordingFlb(_log, "A");
        _now = _first = Generation.Boot(32 * 4096, new RecordingHandler(_log).DependingOn(_flb));
        _cold = _first.Held;
    }

    /// <summary>Does an operation.</summary>
    /// <returns>What the user is told: ok, an error, the file, or none where there is no session to do it on.</returns>
    public string Do(LifeOperation operation, string name, ulong token, int file, bool fails)
    {
        try
        {
            return operation switch
            {
                LifeOperation.Create => Create(name),
                LifeOperation.Preserve => Preserve(name, token, _pool[file % _pool.Count], fails),
                LifeOperation.CloseOutgoing => Take(_outgoing, name, static session => session.Close()),
                LifeOperation.Update => Update(fails),
                LifeOperation.RetrieveSession => RetrieveSession(name),
                LifeOperation.Retrieve => Retrieve(name, token, fails),
                LifeOperation.Finish => WithRefusal(fails, name, () => Use(_incoming, name, static session => session.Finish())),
                LifeOperation.CloseIncoming => WithRefusal(fails, name, () => Take(_incoming, name, static session => session.Close())),
                _ => Take(_incoming, name, static session => session.Dispose()),
            };
        }
        catch (LiveUpdateException refusal)
        {
            return refusal.Error.ToString();
        }
    }

    /// <summary>The state as the model describes it, and the counts that must follow from it.</summary>
    public string Describe()
    {
        LiveUpdateEngine engine = _now.Engine;
        FileRegistration handler = engine.Handlers.Ordered[0];
        FlbRegistration flb = engine.Flbs.Linked[0];
        Assert.That(engine.Outgoing.Count, Is.EqualTo(_outgoing.Count));
        Assert.That(engine.Outgoing.BlockCount, Is.EqualTo(_outgoing.Count == 0 ? 0 : 1));
        return ModelLife.Describe(
            (int)_now.Luo.UpdateNumber,
            _outgoing.Select(static session => $"{session.Key}:{session.Value.GetFiles().Count}"),
            _now.Device.GetIncomingSessions(),
            engine.Sessions.Files.Ids.Count,
            flb.Outgoing.Files,
            handler.LiveFiles - flb.Outgoing.Files);
    }

    /// <summary>Ends every session; nothing is left.</summary>
    public void End()
    {
        foreach (Session session in _outgoing.Values.Concat(_incoming.Values))
            session.Close();
        foreach (string name in _now.Device.GetIncomingSessions())
            _now.Retrieve(name).Close();
        Assert.That(_now.Held, Is.EqualTo(_cold));
        Assert.That(_now.Luo.CleanupErrors, Is.Empty);
        Generations.AssertBalanced(_now.Engine.Memory);
    }

    public void Dispose() => _first.Dispose();

    private string Create(string name)
    {
        _outgoing.Add(name, _now.Create(name));
        return "ok";
    }

    private string Preserve(string name, ulong token, TestFile file, bool fails) => Scripted(
        fails,
        $"pre{file.Number}",
        LiveUpdateError.InputOutput,
        () => Use(_outgoing, name, session => session.Preserve(token, file)));

    private string Update(bool fails)
    {
        TestFile? last = LastPreserved();
        return Scripted(fails && last is not null, $"frz{last?.Number}", LiveUpdateError.TimerExpired, () =>
        {
            _now = _now.Update();
            _outgoing.Clear();
            _incoming.Clear();
            return "ok";
        });
    }

    private string RetrieveSession(string name)
    {
        _incoming.Add(name, _now.Retrieve(name));
        return "ok";
    }

    private string Retrieve(string name, ulong token, bool fails)
    {
        if (!_incoming.TryGetValue(name, out Session? session))
            return "none";
        SessionFile listed = session.GetFiles().FirstOrDefault(file => file.Token.Value == token);
        string callback = listed.Handler is null ? "" : $"ret{RecordingHandler.NumberOf(listed.Data)}";
        return Scripted(fails, callback, LiveUpdateError.InputOutput, () =>
        {
            TestFile file = session.Retrieve<TestFile>(token);
            if (!_pool.Contains(file))
                _pool.Add(file);
            return $"file {file.Number}";
        });
    }

    private string WithRefusal(bool fails, string name, Func<string> operation)
    {
        IReadOnlyList<SessionFile> files = _incoming.TryGetValue(name, out Session? session) ? session.GetFiles() : [];
        string callback = files.Count == 0 ? "" : $"cfin{RecordingHandler.NumberOf(files[0].Data)}";
        if (fails)
            _log.Refuse(callback);
        try
        {
            return operation();
        }
        finally
        {
            _log.Heal(callback);
        }
    }

    private string Scripted(bool fails, string callback, LiveUpdateError error, Func<string> operation)
    {
        if (fails)
            _log.Fail(callback, error);
        try
        {
            return operation();
        }
        finally
        {
            _log.Heal(callback);
        }
    }

    private TestFile? LastPreserved()
    {
        SessionFile[] files = [.. _outgoing.Values.SelectMany(static session => session.GetFiles())];
        return files.Length == 0 ? null : new TestFile(RecordingHandler.NumberOf(files[^1].Data));
    }

    private static string Use(OrderedDictionary<string, Session> sessions, string name, Action<Session> action)
    {
        if (!sessions.TryGetValue(name, out Session? session))
            return "none";
        action(session);
        return "ok";
    }

    private static string Take(OrderedDictionary<string, Session> sessions, string name, Action<Session> action)
    {
        if (!sessions.Remove(name, out Session? session))
            return "none";
        action(session);
        return "ok";
    }
}
