using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Interleavings;

/// <summary>An orchestrator on small memory, a handler with one FLB, and the log of their callbacks.</summary>
internal sealed class World : IDisposable
{
    private const long MemorySize = 32 * 4096;

    private readonly KhoMemory _memory = KhoMemory.Allocate(MemorySize);
    private readonly List<LiveUpdateOrchestrator> _generations = [];

    public World()
    {
        Flb = new RecordingFlb(Log, "A");
        Handler = new RecordingHandler(Log).DependingOn(Flb);
        LiveUpdateOptions options = Options();
        options.Memory = _memory;
        _generations.Add(LiveUpdateOrchestrator.Boot(options));
        Device = Luo.OpenDevice();
        Cold = Held.By(Luo.Engine);
    }

    public CallbackLog Log { get; } = new();

    public RecordingFlb Flb { get; }

    public RecordingHandler Handler { get; }

    /// <summary>The newest generation.</summary>
    public LiveUpdateOrchestrator Luo => _generations[^1];

    /// <summary>Its control device.</summary>
    public LiveUpdateDevice Device { get; private set; }

    /// <summary>What an orchestrator holds before anything was done.</summary>
    public Held Cold { get; }

    /// <summary>Options of the next generation. No time runs out under a scheduler.</summary>
    public LiveUpdateOptions Options()
    {
        var options = new LiveUpdateOptions
        {
            DiscardUnfinished = true,
            GateTimeout = Timeout.InfiniteTimeSpan,
            FreezeTimeout = Timeout.InfiniteTimeSpan,
        };
        options.Handlers.Add(Handler);
        return options;
    }

    /// <summary>A session with a file of this number for each of them.</summary>
    public Session Create(string name, params int[] files)
    {
        Session session = Device.CreateSession(name);
        foreach (int number in files)
            session.Preserve(Token.From(number), new TestFile(number));
        return session;
    }

    /// <summary>Hands over within the process.</summary>
    public void Update()
    {
        _generations.Add(Luo.HandOver(HandoverTarget.InProcess(Options())).Next);
        Device = Luo.OpenDevice();
    }

    /// <summary>Hands over and boots as another program does: nobody has read the image yet.</summary>
    public LiveUpdateOrchestrator Reboot()
    {
        Luo.HandOver(new StopTarget());
        LiveUpdateOptions options = Options();
        options.Memory = _memory;
        _generations.Add(LiveUpdateOrchestrator.Boot(options));
        return Luo;
    }

    /// <summary>Runs operations at the same time.</summary>
    /// <returns>What each was told.</returns>
    public static string[] Race(params Func<string>[] operations)
    {
        var told = new string[operations.Length];
        Thread[] threads = [.. operations.Select((operation, number) => new Thread(() => told[number] = operation()))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        return told;
    }

    /// <summary>Runs an operation.</summary>
    /// <returns>What the caller is told: ok, an error, or that the object is disposed.</returns>
    public static string Told(Action operation)
    {
        try
        {
            operation();
            return "ok";
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

    /// <summary>How many were told this.</summary>
    public static int Count(string[] told, string answer) => told.Count(other => other == answer);

    /// <summary>Nothing is held any more, and nothing went wrong where nobody could be told.</summary>
    public void CheckNothingIsHeld()
    {
        Check.Equal(Held.By(Luo.Engine), Cold, "held");
        Check.Equal(Luo.CleanupErrors.Count, 0, "errors that nobody was told");
    }

    public void Dispose()
    {
        foreach (LiveUpdateOrchestrator generation in Enumerable.Reverse(_generations))
            generation.Dispose();
        _memory.Dispose();
    }
}
