namespace LiveUpdate;

/// <summary>One session that came from the previous generation, with its files and whether somebody has claimed it.</summary>
internal sealed class IncomingRecord(SessionName name, SessionEnvironment environment)
{
    // A message about a million files that nobody retrieved need not name them all.
    private const int MaxDescribed = 20;

    private int _claims;

    public SessionName Name { get; } = name;

    /// <summary>Excludes operations on the session from each other, callbacks included (reference C-08).</summary>
    public Lock Lock { get; } = new();

    public IncomingFileSet Files { get; } = new(environment.Files, name.ToString());

    /// <summary>Its place in the list; null once it has left.</summary>
    public LinkedListNode<IncomingRecord>? Node { get; set; }

    /// <summary>Whether a caller holds it: <c>retrieved</c> in the reference (S-10).</summary>
    public bool IsClaimed => Volatile.Read(ref _claims) != 0;

    /// <summary>Whether it has been finished.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Claims it for a caller; false if another holds it.</summary>
    public bool TryClaim() => Interlocked.CompareExchange(ref _claims, 1, 0) == 0;

    /// <summary>Gives it back: it is as listed.</summary>
    public void Unclaim() => Volatile.Write(ref _claims, 0);

    /// <summary>Finishes the files (reference ). Needs the lock.</summary>
    /// <exception cref="LiveUpdateException">EBUSY: a handler refuses; nothing changed.</exception>
    public void Finish()
    {
        if (IsFinished)
            return;
        Files.CheckFinish();
        (int unclaimed, IReadOnlyList<SessionFile> first) = FindUnclaimed();
        Files.FinishAll();
        IsFinished = true;
        environment.Finished?.Invoke(this, unclaimed, first);
    }

    /// <summary>The files, for listing. Needs the lock.</summary>
    public IReadOnlyList<SessionFile> ListFiles()
    {
        var files = new SessionFile[Files.Count];
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = Describe(Files[i]);
        }

        return files;
    }

    private (int Count, IReadOnlyList<SessionFile> First) FindUnclaimed()
    {
        int count = 0;
        List<SessionFile> first = [];
        for (int i = 0; i < Files.Count; i++)
        {
            if (Files[i].Status == FileStatus.Listed && ++count <= MaxDescribed)
                first.Add(Describe(Files[i]));
        }

        return (count, first);
    }

    private SessionFile Describe(in FileEntry entry)
    {
        string handler = environment.Files.Handlers[entry.Handler].Handler.Compatible;
        return new SessionFile(entry.Token, handler, new DataHandle(entry.Data), entry.Status)
        {
            Name = environment.Files.Names.Find(Name, entry.Token),
        };
    }
}
