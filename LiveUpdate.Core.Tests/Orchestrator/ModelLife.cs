namespace LiveUpdate.Tests.Orchestrator;

/// <summary>What an orchestrator is to its user, in plain dictionaries: the model of <see cref="RandomLifeTests"/>.</summary>
/// <remarks>
/// A file is the number it was made with; retrieved in another generation it is a new object of the same number, in the pool of files.
/// </remarks>
internal sealed class ModelLife
{
    private const int Files = 6;

    private readonly List<ModelFile> _pool = [.. Enumerable.Range(0, Files).Select(static number => new ModelFile(number))];
    private List<ModelSession> _outgoing = [];
    private List<ModelSession> _incoming = [];
    private int _updates;

    /// <summary>Which session and token an operation is aimed at: mostly one that there is, sometimes one that there may not be.</summary>
    public (string Name, ulong Token) Aim(LifeOperation operation, int session, int token)
    {
        ModelSession[] targets = operation switch
        {
            LifeOperation.Create or LifeOperation.Update => [],
            LifeOperation.Preserve or LifeOperation.CloseOutgoing => [.. _outgoing],
            LifeOperation.RetrieveSession => [.. _incoming],
            _ => [.. _incoming.Where(static session => session.IsClaimed)],
        };
        if (session == 0 || targets.Length == 0)
            return ($"s{session}", (ulong)token);
        ModelSession target = targets[session % targets.Length];
        return operation == LifeOperation.Retrieve && target.Files.Count > 0 && token != 0
            ? (target.Name, target.Files[token % target.Files.Count].Token)
            : (target.Name, (ulong)token);
    }

    /// <summary>Does an operation.</summary>
    /// <returns>What the user is told.</returns>
    public string Do(LifeOperation operation, string name, ulong token, int file, bool fails) => operation switch
    {
        LifeOperation.Create => Create(name),
        LifeOperation.Preserve => Preserve(name, token, _pool[file % _pool.Count], fails),
        LifeOperation.CloseOutgoing => CloseOutgoing(name),
        LifeOperation.Update => Update(fails),
        LifeOperation.RetrieveSession => RetrieveSession(name),
        LifeOperation.Retrieve => Retrieve(name, token, fails),
        LifeOperation.Finish => Finish(name, fails),
        LifeOperation.CloseIncoming => CloseIncoming(name, fails),
        _ => DisposeIncoming(name),
    };

    /// <summary>The state in one line.</summary>
    public string Describe() => Describe(
        _updates,
        _outgoing.Select(static session => $"{session.Name}:{session.Files.Count}"),
        _incoming.Select(static session => session.Name),
        _pool.Count(static file => file.IsBusy),
        _outgoing.Sum(static session => session.Files.Count),
        _incoming.Sum(static session => session.Files.Count));

    public static string Describe(
        int updates, IEnumerable<string> outgoing, IEnumerable<string> incoming, int ids, long outgoingFiles, long incomingFiles) =>
        $"update {updates}; out {string.Join(' ', outgoing)}; in {string.Join(' ', incoming)}; {ids} ids; " +
        $"files {outgoingFiles} and {incomingFiles}";

    private string Create(string name)
    {
        if (_outgoing.Exists(session => session.Name == name))
            return "Exists";
        _outgoing.Add(new ModelSession(name));
        return "ok";
    }

    private string Preserve(string name, ulong token, ModelFile file, bool fails)
    {
        if (_outgoing.Find(session => session.Name == name) is not { } session)
            return "none";
        if (session.Find(token) is not null)
            return "Exists";
        if (file.IsBusy)
            return "Busy";
        if (fails)
            return "InputOutput";
        file.IsBusy = true;
        session.Files.Add((token, file));
        return "ok";
    }

    private string CloseOutgoing(string name)
    {
        if (_outgoing.Find(session => session.Name == name) is not { } session)
            return "none";
        Release(session);
        _outgoing.Remove(session);
        return "ok";
    }

    private string Update(bool fails)
    {
        if (fails && _outgoing.Exists(static session => session.Files.Count > 0))
            return "TimerExpired";

        // Files of the generation that is over are other objects to the next one, and free.
        _pool.ForEach(static file => file.IsBusy = false);
        _incoming = [.. _outgoing.Select(static session => session.HandedOver())];
        _outgoing = [];
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

    private string Retrieve(string name, ulong token, bool fails)
    {
        if (Claimed(name) is not { } session)
            return "none";
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

    private string Finish(string name, bool fails)
    {
        if (Claimed(name) is not { } session)
            return "none";
        if (fails && session.Files.Count > 0)
            return "Busy";
        Release(session);
        return "ok";
    }

    private string CloseIncoming(string name, bool fails)
    {
        if (Claimed(name) is not { } session)
            return "none";
        if (fails && session.Files.Count > 0)
        {
            session.IsClaimed = false;
            return "Busy";
        }

        Release(session);
        _incoming.Remove(session);
        return "ok";
    }

    private string DisposeIncoming(string name)
    {
        if (Claimed(name) is not { } session)
            return "none";
        session.IsClaimed = false;
        if (session.IsFinished)
            _incoming.Remove(session);
        return "ok";
    }

    private ModelSession? Claimed(string name) => _incoming.Find(session => session.Name == name && session.IsClaimed);

    private static void Release(ModelSession session)
    {
        foreach ((ulong _, ModelFile file) in session.Files)
            file.IsBusy = false;
        session.Files.Clear();
        session.IsFinished = true;
    }

    private sealed class ModelFile(int number)
    {
        public int Number { get; } = number;

        public bool IsBusy { get; set; }

        public bool IsRetrieved { get; set; }

        public bool HasFailed { get; set; }
    }

    private sealed class ModelSession(string name)
    {
        public string Name { get; } = name;

        public List<(ulong Token, ModelFile File)> Files { get; private init; } = [];

        public bool IsClaimed { get; set; }

        public bool IsFinished { get; set; }

        public ModelFile? Find(ulong token) => Files.Find(entry => entry.Token == token).File;

        public ModelSession HandedOver() => new(Name)
        {
            Files = [.. Files.Select(static entry => (entry.Token, new ModelFile(entry.File.Number)))],
        };
    }
}
