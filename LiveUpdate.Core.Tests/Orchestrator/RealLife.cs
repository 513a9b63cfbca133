using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>A real orchestrator under the operations of <see cref="RandomLives"/>, its answers as text.</summary>
/// <remarks>
/// Operations may run on several threads at once, if none of them fails on purpose: what they change here is kept until
/// <see cref="Settle"/>.
/// </remarks>
internal sealed class RealLife : IDisposable
{
    private const int Files = 6;
    private const string OddKind = "odd";

    private readonly CallbackLog _log = new() { KeepsCalls = false };
    private readonly RecordingFlb _a;
    private readonly RecordingFlb _b;
    private readonly RecordingHandler _odd;
    private readonly Generation _first;
    private readonly Held _cold;
    private readonly List<TestFile> _pool =
        [.. Enumerable.Range(0, Files).Select(static number => new TestFile(number, number % 2 == 0 ? TestFile.DefaultKind : OddKind))];

    private readonly OrderedDictionary<string, Session> _outgoing = [];
    private readonly OrderedDictionary<string, Session> _incoming = [];
    private readonly List<Action> _changes = [];
    private Generation _now;
    private Generation? _next;

    public RealLife()
    {
        (_a, _b) = (new RecordingFlb(_log, "A"), new RecordingFlb(_log, "B"));
        _odd = new RecordingHandler(_log, "odd-v1") { Kind = OddKind }.DependingOn(_b);
        _now = _first = Generation.Boot(32 * 4096, new RecordingHandler(_log).DependingOn(_a, _b), _odd);
        _cold = _first.Held;
    }

    /// <summary>Does an operation.</summary>
    /// <returns>What the user is told: ok, an error, the file, or none where there is no session to do it on.</returns>
    public string Do(LifeOperation operation, string name, ulong token, int file, bool fails)
    {
        string answer = Begin(operation, name, token, file, fails)();
        Settle();
        return answer;
    }

    /// <summary>Aims an operation at the session, the file and the generation that there are now.</summary>
    public Func<string> Begin(LifeOperation operation, string name, ulong token, int file, bool fails)
    {
        Func<string> aimed = operation switch
        {
            LifeOperation.Create => Create(_now.Device, name),
            LifeOperation.Preserve => Preserve(name, token, _pool[file % _pool.Count], fails),
            LifeOperation.CloseOutgoing => Take(_outgoing, name, static session => session.Close()),
            LifeOperation.Update => Update(_now, fails),
            LifeOperation.CallOff => CallOff(_now.Luo),
            LifeOperation.RetrieveSession => RetrieveSession(_now.Device, name),
            LifeOperation.Retrieve => Retrieve(name, token, fails),
            LifeOperation.Finish => WithRefusal(fails, name, Use(_incoming, name, static session => session.Finish())),
            LifeOperation.CloseIncoming => WithRefusal(fails, name, Take(_incoming, name, static session => session.Close())),
            LifeOperation.DisposeIncoming => Take(_incoming, name, static session => session.Dispose()),
            LifeOperation.Unregister => Unregister(_now.Luo),
            _ => Register(_now.Luo),
        };
        return () => Answer(aimed);
    }

    /// <summary>Enters what the operations since the last time have changed.</summary>
    public void Settle()
    {
        if (_next is { } next)
        {
            (_now, _next) = (next, null);
            _outgoing.Clear();
            _incoming.Clear();
        }
        else
        {
            _changes.ForEach(static change => change());
        }

        _changes.Clear();
    }

    /// <summary>The state as the model describes it, and the counts that must follow from it.</summary>
    public string Describe()
    {
        LiveUpdateEngine engine = _now.Engine;
        Assert.That(engine.Outgoing.Count, Is.EqualTo(_outgoing.Count));
        Assert.That(engine.Outgoing.BlockCount, Is.EqualTo(_outgoing.Count == 0 ? 0 : 1));
        return ModelLife.Describe(
            (int)_now.Luo.UpdateNumber,
            _outgoing.Select(static session => $"{session.Key}:{session.Value.GetFiles().Count}"),
            _now.Device.GetIncomingSessions(),
            engine.Sessions.Files.Ids.Count,
            engine.Flbs.Get(_a).Outgoing.Files,
            engine.Flbs.Get(_b).Outgoing.Files,
            engine.Handlers.Ordered.Sum(static handler => handler.LiveFiles - handler.OutgoingFiles),
            engine.Handlers.Ordered.Count);
    }

    /// <summary>Ends every session; nothing is left.</summary>
    public void End()
    {
        foreach (Session session in _outgoing.Values.Concat(_incoming.Values))
            session.Close();
        foreach (string name in _now.Device.GetIncomingSessions())
            _now.Retrieve(name).Close();
        if (_now.Engine.Handlers.Ordered.Count == 1)
            _now.Luo.Register(_odd);
        Assert.That(_now.Held, Is.EqualTo(_cold));
        Assert.That(_now.Luo.CleanupErrors, Is.Empty);
        Generations.AssertBalanced(_now.Engine.Memory);
    }

    public void Dispose() => _first.Dispose();

    private static string Answer(Func<string> operation)
    {
        try
        {
            return operation();
        }
        catch (LiveUpdateException refusal)
        {
            return refusal.Error.ToString();
        }
        catch (ObjectDisposedException)
        {
            return "disposed";
        }
    }

    private void Later(Action change)
    {
        lock (_changes)
            _changes.Add(change);
    }

    private Func<string> Create(LiveUpdateDevice device, string name) => () =>
    {
        Session made = device.CreateSession(name);
        Later(() => _outgoing[name] = made);
        return "ok";
    };

    private Func<string> Preserve(string name, ulong token, TestFile file, bool fails) => Scripted(
        fails,
        $"pre{file.Number}",
        LiveUpdateError.InputOutput,
        Use(_outgoing, name, session => session.Preserve(token, file)));

    private Func<string> Update(Generation from, bool fails)
    {
        TestFile? last = fails ? LastPreserved() : null;
        return Scripted(last is not null, $"frz{last?.Number}", LiveUpdateError.TimerExpired, () =>
        {
            _next = from.Update();
            return "ok";
        });
    }

    private static Func<string> CallOff(LiveUpdateOrchestrator luo) => () =>
    {
        luo.HandOver(new StopTarget { BeforeCommit = static _ => throw new LiveUpdateException(LiveUpdateError.TimedOut, "called off") });
        return "ok";
    };

    private Func<string> RetrieveSession(LiveUpdateDevice device, string name) => () =>
    {
        Session got = device.RetrieveSession(name);
        Later(() => _incoming[name] = got);
        return "ok";
    };

    private Func<string> Retrieve(string name, ulong token, bool fails)
    {
        if (!_incoming.TryGetValue(name, out Session? session))
            return static () => "none";
        SessionFile listed = fails ? session.GetFiles().FirstOrDefault(file => file.Token.Value == token) : default;
        string callback = listed.Handler is null ? "" : $"ret{RecordingHandler.NumberOf(listed.Data)}";
        return Scripted(fails, callback, LiveUpdateError.InputOutput, () =>
        {
            TestFile file = session.Retrieve<TestFile>(token);
            Later(() =>
            {
                if (!_pool.Contains(file))
                    _pool.Add(file);
            });
            return $"file {file.Number}";
        });
    }

    private Func<string> Unregister(LiveUpdateOrchestrator luo) => () => luo.Unregister(_odd) ? "ok" : "none";

    private Func<string> Register(LiveUpdateOrchestrator luo) => () =>
    {
        luo.Register(_odd);
        return "ok";
    };

    private Func<string> WithRefusal(bool fails, string name, Func<string> operation)
    {
        if (!fails || !_incoming.TryGetValue(name, out Session? session) || session.GetFiles() is not { Count: > 0 } files)
            return operation;
        string callback = $"cfin{RecordingHandler.NumberOf(files[0].Data)}";
        return Until(callback, () => _log.Refuse(callback), operation);
    }

    private Func<string> Scripted(bool fails, string callback, LiveUpdateError error, Func<string> operation) =>
        fails ? Until(callback, () => _log.Fail(callback, error), operation) : operation;

    private Func<string> Until(string callback, Action script, Func<string> operation) => () =>
    {
        script();
        try
        {
            return operation();
        }
        finally
        {
            _log.Heal(callback);
        }
    };

    private TestFile? LastPreserved()
    {
        SessionFile[] files = [.. _outgoing.Values.SelectMany(static session => session.GetFiles())];
        return files.Length == 0 ? null : new TestFile(RecordingHandler.NumberOf(files[^1].Data));
    }

    private static Func<string> Use(OrderedDictionary<string, Session> sessions, string name, Action<Session> action)
    {
        if (!sessions.TryGetValue(name, out Session? session))
            return static () => "none";
        return () =>
        {
            action(session);
            return "ok";
        };
    }

    // A session that was refused to close is the caller's no more either.
    private Func<string> Take(OrderedDictionary<string, Session> sessions, string name, Action<Session> action)
    {
        if (!sessions.TryGetValue(name, out Session? session))
            return static () => "none";
        return () =>
        {
            Later(() =>
            {
                if (sessions.TryGetValue(name, out Session? current) && ReferenceEquals(current, session))
                    sessions.Remove(name);
            });
            action(session);
            return "ok";
        };
    }
}
