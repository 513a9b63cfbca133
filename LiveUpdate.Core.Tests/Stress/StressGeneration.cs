using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Stress;

/// <summary>One generation of a <see cref="StressRun"/>, and what its threads share.</summary>
internal sealed class StressGeneration(LiveUpdateOrchestrator luo, PageFlb flb, int threads) : IDisposable
{
    private const int SharedSessions = 3;

    private readonly Session?[] _shared = new Session?[SharedSessions];
    private long _operations;

    public LiveUpdateOrchestrator Luo => luo;

    public PageFlb Flb => flb;

    public LiveUpdateDevice Device { get; } = luo.OpenDevice();

    /// <summary>Set once every thread has taken back what it had.</summary>
    public CountdownEvent Ready { get; } = new(threads);

    /// <summary>How many operations there have been.</summary>
    public long Operations => Volatile.Read(ref _operations);

    public static string NameOfShared(int index) => $"shared {index}";

    public static bool IsShared(string name) => name.StartsWith("shared", StringComparison.Ordinal);

    public void CountOperation() => Interlocked.Increment(ref _operations);

    /// <summary>A session that other threads use as well, and close.</summary>
    public Session GetShared(int index)
    {
        index %= SharedSessions;
        if (Volatile.Read(ref _shared[index]) is { } session)
            return session;
        Session made = Device.CreateSession(NameOfShared(index));
        Volatile.Write(ref _shared[index], made);
        return made;
    }

    /// <summary>Closes such a session; the next one who wants it makes it anew.</summary>
    public void CloseShared(int index)
    {
        Interlocked.Exchange(ref _shared[index % SharedSessions], null)?.Close();
    }

    public void Dispose()
    {
        Ready.Dispose();
        luo.Dispose();
    }
}
