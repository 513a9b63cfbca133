using LiveUpdate.Kho;

namespace LiveUpdate.Benchmarks;

/// <summary>
/// Files for two sessions, the same in every run: tokens in no order, objects in the order of their allocation or shuffled.
/// </summary>
internal sealed class Workload : IDisposable
{
    /// <summary>The files of the largest orchestrator.</summary>
    public const int MostFiles = 1_000_000;

    // Of small orchestrators one invocation has several, so that it is long beside what comes before and after it.
    private const int LeastFilesPerInvocation = 100_000;

    private const int Seed = 20_260_101;
    private const long PageSize = 4096;

    private static readonly string[] s_sessions = ["even", "odd"];

    private readonly List<KhoMemory> _memories = [];

    public Workload(int files, bool isShuffled)
    {
        Count = files;
        Tokens = new ulong[files];
        Objects = new FileObject[files];
        var random = new Random(Seed);
        for (int i = 0; i < files; i++)
            (Tokens[i], Objects[i]) = ((ulong)random.NextInt64(), new FileObject(i));
        if (isShuffled)
            random.Shuffle(Objects);
        Asked = [.. Enumerable.Range(0, files)];
        random.Shuffle(Asked);
        AskedTokens = Array.ConvertAll(Asked, file => Tokens[file]);
        Handler = new NoOpHandler(Array.ConvertAll(Asked, static file => new FileObject(file)));
    }

    public int Count { get; }

    /// <summary>How many orchestrators of this size make up an invocation.</summary>
    public int Rounds => FilesPerInvocation(Count) / Count;

    /// <summary>The tokens in the order of preservation.</summary>
    public ulong[] Tokens { get; }

    /// <summary>The objects in the order of preservation.</summary>
    public FileObject[] Objects { get; }

    /// <summary>The numbers of the files in the order in which they are asked for.</summary>
    public int[] Asked { get; }

    /// <summary>The tokens in the order in which they are asked for.</summary>
    public ulong[] AskedTokens { get; }

    public NoOpHandler Handler { get; }

    /// <summary>The files of an invocation with orchestrators of this size.</summary>
    public static int FilesPerInvocation(int files) => Math.Max(files, LeastFilesPerInvocation);

    /// <summary>Memory with room for the files, used by one orchestrator after the other; the system gave all its pages before.</summary>
    public KhoMemory Memory(int round)
    {
        while (_memories.Count <= round)
        {
            KhoMemory memory = KhoMemory.Allocate((Count / 63 + 64) * PageSize);
            _memories.Add(memory);
            for (long page = 0; page < memory.Length; page += PageSize)
                memory.GetSpan(memory.Base + page, 1)[0] = 0;
        }

        return _memories[round];
    }

    public LiveUpdateOptions CreateOptions(KhoMemory? memory) =>
        new() { Memory = memory, DiscardUnfinished = true, Handlers = { Handler } };

    public static Session[] CreateSessions(LiveUpdateDevice device) => Array.ConvertAll(s_sessions, name => device.CreateSession(name));

    public static Session[] RetrieveSessions(LiveUpdateDevice device) => Array.ConvertAll(s_sessions, name => device.RetrieveSession(name));

    /// <summary>Preserves every file: those with even numbers in the first session, the others in the second.</summary>
    public void Preserve(Session[] sessions)
    {
        (Session even, Session odd) = (sessions[0], sessions[1]);
        for (int i = 0; i < Tokens.Length; i += 2)
        {
            even.Preserve(Tokens[i], Objects[i]);
            odd.Preserve(Tokens[i + 1], Objects[i + 1]);
        }
    }

    /// <summary>Retrieves every file, in the order of asking.</summary>
    public void Retrieve(Session[] sessions)
    {
        (Session even, Session odd) = (sessions[0], sessions[1]);
        for (int i = 0; i < Asked.Length; i++)
            ((Asked[i] & 1) == 0 ? even : odd).Retrieve(AskedTokens[i]);
    }

    public void Dispose()
    {
        foreach (KhoMemory memory in _memories)
            memory.Dispose();
    }
}
