namespace LiveUpdate.Tests.Orchestrator;

/// <summary>What an orchestrator is to its user, in plain lists: the model of <see cref="RandomLives"/>.</summary>
/// <remarks>
/// <para>A file is the number it was made with; retrieved in another generation it is a new object of the same number, in the pool of files.</para>
/// <para>
/// An operation is a sequence of steps, so that others can come in between as they can in the library: the last gives the answer, the
/// ones before it null. <see cref="Waits"/> says that it cannot go on before another has ended.
/// </para>
/// </remarks>
internal sealed class ModelLife
{
    public const string Waits = "waits";

    private const int Files = 6;

    private readonly List<ModelFile> _pool = [.. Enumerable.Range(0, Files).Select(static number => new ModelFile(number))];
    private List<ModelSession> _outgoing = [];
    private List<ModelSession> _incoming = [];
    private bool _hasOddHandler = true;
    private bool _oddHandlerLeaves;
    private int _updates;

    /// <summary>Which session and token an operation is aimed at: mostly one that there is, sometimes one that there may not be.</summary>
    public (string Name, ulong Token) Aim(in LifeStep step)
    {
        List<ModelSession> targets = step.Operation switch
        {
            LifeOperation.Preserve or LifeOperation.CloseOutgoing => _outgoing,
            LifeOperation.RetrieveSession => _incoming,
            LifeOperation.Retrieve or LifeOperation.Finish or LifeOperation.CloseIncoming or LifeOperation.DisposeIncoming =>
                [.. _incoming.Where(static session => session.IsClaimed)],
            _ => [],
        };
        if (step.Session == 0 || targets.Count == 0)
            return ($"s{step.Session}", (ulong)step.Token);
        ModelSession target = targets[step.Session % targets.Count];
        return step.Operation == LifeOperation.Retrieve && target.Files.Count > 0 && step.Token != 0
            ? (target.Name, target.Files[step.Token % target.Files.Count].Token)
            : (target.Name, (ulong)step.Token);
    }

    /// <summary>Does an operation.</summary>
    /// <returns>What the user is told.</returns>
    public string Do(LifeOperation operation, string name, ulong token, int file, bool fails) => Begin(operation, name, token, file, fails).Last()!;

    /// <summary>Aims an operation at the session, the file and the generation that there are now, and does it step by step.</summary>
    public IEnumerable<string?> Begin(LifeOperation operation, string name, ulong token, int file, bool fails)
    {
        int generation = _updates;
        ModelFile taken = _pool[file % _pool.Count];
        return operation switch
        {
            LifeOperation.Create => AtOnce(() => OfGeneration(generation) ?? Create(name)),
            LifeOperation.Preserve => On(_outgoing, name, session => Preserve(session, token, taken, fails)),
            LifeOperation.CloseOutgoing => On(_outgoing, name, CloseOutgoing),
            LifeOperation.Update => AtOnce(() => Update(fails)),
            LifeOperation.CallOff => AtOnce(() => IsEntered ? Waits : nameof(LiveUpdateError.TimedOut)),
            LifeOperation.RetrieveSession => AtOnce(() => OfGeneration(generation) ?? RetrieveSession(name)),
            LifeOperation.Retrieve => OnClaimed(name, session => Retrieve(session, token, fails)),
            LifeOperation.Finish => OnClaimed(name, session => Finish(session, fails)),
            LifeOperation.CloseIncoming => OnClaimed(name, session => CloseIncoming(session, fails)),
            LifeOperation.DisposeIncoming => OnClaimed(name, DisposeIncoming),
            LifeOperation.Unregister => AtOnce(Unregister),
            _ => AtOnce(Register),
        };
    }

    /// <summary>The state in one line.</summary>
    public string Describe() => Describe(
        _updates,
        _outgoing.Select(static session => $"{session.Name}:{session.Files.Count}"),
        _incoming.Select(static session => session.Name),
        _pool.Count(static file => file.IsBusy),
        _outgoing.Sum(static session => session.Files.Count(static entry => !entry.File.IsOdd)),
        _outgoing.Sum(static session => session.Files.Count),
        _incoming.Sum(static session => session.Files.Count),
        _hasOddHandler ? 2 : 1);

    public static string Describe(
        int updates, IEnumerable<string> outgoing, IEnumerable<string> incoming, int ids, long filesOfA, long filesOfB, long incomingFiles, int handlers) =>
        $"update {updates}; out {string.Join(' ', outgoing)}; in {string.Join(' ', incoming)}; {ids} ids; " +
        $"files of A {filesOfA}, of B {filesOfB}, incoming {incomingFiles}; {handlers} handlers";

    private bool IsEntered => _outgoing.Exists(static session => session.IsEntered) || _incoming.Exists(static session => session.IsEntered);

    private static IEnumerable<string?> AtOnce(Func<string> operation)
    {
        yield return operation();
    }

    private static IEnumerable<string?> On(List<ModelSession> sessions, string name, Func<ModelSession, IEnumerable<string?>> operation) =>
        sessions.Find(session => session.Name == name) is { } found ? operation(found) : ["none"];

    private IEnumerable<string?> OnClaimed(string name, Func<ModelSession, IEnumerable<string?>> operation) =>
        On([.. _incoming.Where(static session => session.IsClaimed)], name, operation);

    private string? OfGeneration(int generation) => generation == _updates ? null : nameof(LiveUpdateError.Shutdown);

    // What an operation on a session is told without being done; null if it is done.
    private string? Hinders(ModelSession session, bool isClosed) =>
        OfGeneration(session.Generation) ?? (session.IsEntered ? Waits : isClosed ? "disposed" : null);

    private string Create(string name)
    {
        if (_outgoing.Exists(session => session.Name == name))
            return "Exists";
        _outgoing.Add(new ModelSession(name, _updates));
        return "ok";
    }

    private IEnumerable<string?> Preserve(ModelSession session, ulong token, ModelFile file, bool fails)
    {
        yield return Hinders(session, session.Closed > 0) ?? PreserveNow(session, token, file, fails);
    }

    private string PreserveNow(ModelSession session, ulong token, ModelFile file, bool fails)
    {
        if (session.Find(token) is not null)
            return "Exists";
        if (file.IsOdd && (!_hasOddHandler || _oddHandlerLeaves))
            return "NotFound";
        if (file.IsBusy)
            return "Busy";
        if (fails)
            return "InputOutput";
        file.IsBusy = true;
        session.Files.Add((token, file));
        return "ok";
    }

    private IEnumerable<string?> CloseOutgoing(ModelSession session)
    {
        if (session.Closed > 0)
        {
            yield return "ok";
            yield break;
        }

        if (Hinders(session, isClosed: false) is { } hindrance)
        {
            yield return hindrance;
            yield break;
        }

        foreach (string? step in Release(session))
            yield return step;
        session.Closed++;
        yield return null;
        _outgoing.Remove(session);
        yield return "ok";
    }

    private string Update(bool fails)
    {
        if (IsEntered)
            return Waits;
        if (fails && _outgoing.Exists(static session => session.Files.Count > 0))
            return "TimerExpired";

        // Files of the generation that is over are other objects to the next one, and free.
        _pool.ForEach(static file => file.IsBusy = false);
        _incoming = [.. _outgoing.Select(static session => session.HandedOver())];
        _outgoing = [];
        (_hasOddHandler, _oddHandlerLeaves) = (true, false);
        _updates++;
        return "ok";
    }

    private string RetrieveSession(string name)
    {
        if (_incoming.Find(session => session.Name == name) is not { } session)
            return "NotFound";
        if (session.IsClaimed)
            return "InvalidArgument";
        session.IsClaimed = true;
        return "ok";
    }

    private IEnumerable<string?> Retrieve(ModelSession session, ulong token, bool fails)
    {
        int closed = session.Closed;
        return AtOnce(() => Hinders(session, session.Closed != closed) ?? RetrieveNow(session, token, fails));
    }

    private string RetrieveNow(ModelSession session, ulong token, bool fails)
    {
        if (session.Find(token) is not { } file)
            return "NotFound";
        if (file.HasFailed)
            return "InputOutput";
        if (file.IsRetrieved)
            return $"file {file.Number}";
        if (fails)
        {
            file.HasFailed = true;
            return "InputOutput";
        }

        file.IsRetrieved = file.IsBusy = true;
        _pool.Add(file);
        return $"file {file.Number}";
    }

    private IEnumerable<string?> Finish(ModelSession session, bool fails)
    {
        int closed = session.Closed;
        return Steps();

        IEnumerable<string?> Steps()
        {
            if (Hinders(session, session.Closed != closed) is { } hindrance)
            {
                yield return hindrance;
                yield break;
            }

            if (fails && session.Files.Count > 0)
            {
                yield return "Busy";
                yield break;
            }

            foreach (string? step in Release(session))
                yield return step;
            yield return "ok";
        }
    }

    private IEnumerable<string?> CloseIncoming(ModelSession session, bool fails)
    {
        int closed = session.Closed;
        return Steps();

        IEnumerable<string?> Steps()
        {
            if (session.Closed != closed)
            {
                yield return "ok";
                yield break;
            }

            if (Hinders(session, isClosed: false) is { } hindrance)
            {
                yield return hindrance;
                yield break;
            }

            session.Closed++;
            if (fails && session.Files.Count > 0)
            {
                session.IsClaimed = false;
                yield return "Busy";
                yield break;
            }

            foreach (string? step in Release(session))
                yield return step;
            yield return null;
            _incoming.Remove(session);
            yield return "ok";
        }
    }

    private IEnumerable<string?> DisposeIncoming(ModelSession session)
    {
        int closed = session.Closed;
        return Steps();

        IEnumerable<string?> Steps()
        {
            // Whoever disposes is told nothing: not that it was closed, nor that its generation is over.
            if (session.Closed != closed || session.Generation != _updates)
            {
                yield return "ok";
                yield break;
            }

            if (session.IsEntered)
            {
                yield return Waits;
                yield break;
            }

            session.Closed++;
            yield return null;
            session.IsClaimed = false;
            if (session.IsFinished)
                _incoming.Remove(session);
            yield return "ok";
        }
    }

    // Newest first, the id before the hold on the handler.
    private IEnumerable<string?> Release(ModelSession session)
    {
        session.IsEntered = true;
        while (session.Files.Count > 0)
        {
            session.Files[^1].File.IsBusy = false;
            yield return null;
            session.Files.RemoveAt(session.Files.Count - 1);
            LetOddHandlerGo();
            yield return null;
        }

        (session.IsFinished, session.IsEntered) = (true, false);
    }

    private string Unregister()
    {
        if (!_hasOddHandler || _oddHandlerLeaves)
            return "none";
        _oddHandlerLeaves = true;
        LetOddHandlerGo();
        return "ok";
    }

    private string Register()
    {
        if (_hasOddHandler)
            return "Exists";
        _hasOddHandler = true;
        return "ok";
    }

    private void LetOddHandlerGo()
    {
        if (_oddHandlerLeaves && !_outgoing.Concat(_incoming).Any(static session => session.Files.Exists(static entry => entry.File.IsOdd)))
            (_hasOddHandler, _oddHandlerLeaves) = (false, false);
    }
}
