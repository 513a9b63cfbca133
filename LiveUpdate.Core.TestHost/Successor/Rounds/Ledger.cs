using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>
/// A file to which every process of a chain appends what happens, each line in one write, and beside it a file that its owner holds
/// locked while it acts: two owners at once cannot both have the lock, and a process that is killed loses it.
/// </summary>
internal sealed class Ledger : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly SafeFileHandle _lock;

    public Ledger(string folder)
    {
        _path = Path.Combine(folder, "ledger");
        _file = Libc.OpenToAppend(_path);
        _lock = Libc.OpenToAppend(Path.Combine(folder, "lock"));
    }

    /// <summary>The round that was begun last; 0 for none.</summary>
    public int Round => Read().LastOrDefault(static entry => entry.Event == LedgerEvent.Tries)?.Round ?? 0;

    /// <summary>Every line so far.</summary>
    public IReadOnlyList<LedgerEntry> Read() => [.. File.ReadAllLines(_path).Select(LedgerEntry.Parse)];

    public void Enter(LedgerEvent what, int round, string text = "") =>
        RandomAccess.Write(_file, System.Text.Encoding.UTF8.GetBytes($"{new LedgerEntry(Environment.ProcessId, what, round, text)}\n"), 0);

    /// <summary>Takes the lock; ends this process if another one has it.</summary>
    public void Lock(int round)
    {
        if (!Libc.TryLock(_lock))
            End(round, "another process is the owner");
    }

    public void Unlock() => Libc.Unlock(_lock);

    /// <summary>Enters what must never happen, and ends this process.</summary>
    public void End(int round, string why)
    {
        Enter(LedgerEvent.Fault, round, why);
        Environment.Exit(9);
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }
}
