using System.Globalization;
using LiveUpdate.Agent;
using LiveUpdate.TestHost.ServiceManager;
using LiveUpdate.TestHost.Successor;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Kept;

/// <summary>
/// A keeper, and an agent that is killed again and again while two threads store and remove; each next one compares what it is given with
/// what was confirmed, and counts what the keeper has open.
/// </summary>
internal static class KeptRounds
{
    private const string AgentCommand = "kept-agent";
    private const int LongestLife = 10_000;

    /// <summary>The keeper: <c>kept-rounds COUNT SEED</c>.</summary>
    public static void Run(string[] args)
    {
        string journal = Path.GetTempFileName();
        try
        {
            Environment.ExitCode = AgentKeeper.Run(
                ThisProgram.File,
                ThisProgram.With(AgentCommand, journal, args[1], args[2]),
                new AgentKeeperOptions { MaxDeaths = int.MaxValue, RestartDelay = TimeSpan.Zero });
        }
        finally
        {
            File.Delete(journal);
        }
    }

    /// <summary>One life of the agent.</summary>
    public static void RunAgent(string[] args)
    {
        using var journal = new KeptJournal(args[1]);
        (long rounds, int seed) = (long.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
        using AgentStore store = AgentStore.Keeper();
        store.Logger = new ConsoleLogger();
        IReadOnlyDictionary<string, SafeFileHandle> taken = store.Take();
        string[] wrong = [.. Compare(journal, taken), .. CompareKeeper(journal, taken.Count)];
        journal.Settle();
        if (wrong.Length > 0 || journal.Lives == rounds)
        {
            Scenario.Say(
                wrong.Length > 0 ? $"life {journal.Lives}: {string.Join("; ", wrong)}" : $"{rounds} lives, nothing lost and nothing left over");
            Scenario.Say($"{journal.Operations} operations");
            store.Stop();
            Environment.ExitCode = wrong.Length > 0 ? 1 : 0;
            return;
        }

        foreach (SafeFileHandle handle in taken.Values)
            handle.Dispose();
        long life = ++journal.Lives;
        var random = new Random(seed + (int)life);
        int[] seeds = [random.Next(), random.Next()];
        using var begun = new CountdownEvent(KeptJournal.Threads);
        for (int thread = 0; thread < KeptJournal.Threads; thread++)
        {
            int number = thread;
            new Thread(() => Work(journal, store, begun, number, life, new Random(seeds[number]))).Start();
        }

        // Compiling takes longer than thousands of messages: some die in it, and most when they are at work.
        if (random.Next(5) > 0)
            begun.Wait();
        Victim.DieAfter(random.Next(LongestLife), static () => { });
        Thread.Sleep(Timeout.Infinite);
    }

    private static void Work(KeptJournal journal, AgentStore store, CountdownEvent begun, int thread, long life, Random random)
    {
        for (long number = 1; ; number++)
        {
            if (number == 3)
                begun.Signal();
            int key = (thread * KeptJournal.KeysPerThread) + random.Next(KeptJournal.KeysPerThread);
            if (random.Next(3) == 0)
            {
                journal.Do(thread, key, 0, () => store.Remove(NameOf(key)));
                continue;
            }

            long value = (life << 32) | ((long)thread << 31) | number;
            using SafeFileHandle file = Libc.Memfd(sizeof(long), 0);
            RandomAccess.Write(file, BitConverter.GetBytes(value), 0);
            journal.Do(thread, key, value, () => store.Store(NameOf(key), file));
        }
    }

    private static IEnumerable<string> Compare(KeptJournal journal, IReadOnlyDictionary<string, SafeFileHandle> taken)
    {
        int known = 0;
        for (int key = 0; key < KeptJournal.Threads * KeptJournal.KeysPerThread; key++)
        {
            long found = taken.TryGetValue(NameOf(key), out SafeFileHandle? file) ? Read(file) : 0;
            known += file is null ? 0 : 1;
            if (journal.Compare(key, found) is { } expected)
                yield return $"{NameOf(key)} is {found:x} and should be {expected}";
        }

        if (known != taken.Count)
            yield return $"{taken.Count - known} keys that nobody stored";
    }

    // What it keeps, by the files' name, and all that it has open.
    private static IEnumerable<string> CompareKeeper(KeptJournal journal, int count)
    {
        string[] links = ReadLinks();
        int kept = links.Count(static link => link.StartsWith("/memfd:test", StringComparison.Ordinal));
        if (kept != count)
            yield return $"the keeper keeps {kept} descriptors and gave {count}";
        long others = links.Length - kept;
        if (journal.Lives == 1)
            journal.Baseline = others;
        else if (journal.Lives > 1 && others > journal.Baseline)
            yield return $"the keeper has {others} other descriptors open and had {journal.Baseline}: {string.Join(' ', links)}";
    }

    private static string[] ReadLinks()
    {
        string[] status = File.ReadAllLines("/proc/self/status");
        string parent = status.First(static line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..].Trim();
        return [.. Directory.GetFileSystemEntries($"/proc/{parent}/fd").Select(static path => new FileInfo(path).LinkTarget).OfType<string>()];
    }

    private static long Read(SafeFileHandle file)
    {
        byte[] value = new byte[sizeof(long)];
        RandomAccess.Read(file, value, 0);
        return BitConverter.ToInt64(value);
    }

    private static string NameOf(int key) => string.Create(CultureInfo.InvariantCulture, $"k{key}");
}
