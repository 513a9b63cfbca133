using System.IO.MemoryMappedFiles;

namespace LiveUpdate.TestHost.Kept;

/// <summary>
/// What agents that are killed wrote down in a shared file: what is stored under each key, and what each thread is about to do. The kernel
/// has it, whatever becomes of the process.
/// </summary>
internal sealed class KeptJournal : IDisposable
{
    public const int Threads = 2;
    public const int KeysPerThread = 24;

    private const int PendingOffset = 64;
    private const int PendingSize = 64;
    private const int TableOffset = 1024;
    private const int Length = 4096;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public KeptJournal(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, Length);
        _view = _file.CreateViewAccessor(0, Length);
    }

    /// <summary>How many agents there were.</summary>
    public long Lives
    {
        get => _view.ReadInt64(0);
        set => _view.Write(0, value);
    }

    /// <summary>What the keeper has open beside what it keeps; 0 if nobody looked.</summary>
    public long Baseline
    {
        get => _view.ReadInt64(8);
        set => _view.Write(8, value);
    }

    /// <summary>How many descriptors were stored or removed.</summary>
    public long Operations => Enumerable.Range(0, Threads).Sum(thread => _view.ReadInt64(16 + (8 * thread)));

    /// <summary>What is stored under a key; 0 for nothing.</summary>
    public long this[int key]
    {
        get => _view.ReadInt64(TableOffset + (8 * key));
        private set => _view.Write(TableOffset + (8 * key), value);
    }

    /// <summary>A thread stores or removes: what is stored under the key may be either until this returns.</summary>
    public void Do(int thread, int key, long value, Action action)
    {
        int pending = PendingOffset + (PendingSize * thread);
        _view.Write(pending + 8, (long)key);
        _view.Write(pending + 16, value);
        Thread.MemoryBarrier();
        _view.Write(pending, 1L);
        action();
        Thread.MemoryBarrier();
        this[key] = value;
        Thread.MemoryBarrier();
        _view.Write(pending, 0L);
        _view.Write(16 + (8 * thread), _view.ReadInt64(16 + (8 * thread)) + 1);
    }

    /// <summary>Compares what was found under a key with what may be there, and notes it.</summary>
    /// <returns>What should have been there; null if it is right.</returns>
    public string? Compare(int key, long found)
    {
        int pending = PendingOffset + (PendingSize * (key / KeysPerThread));
        long expected = this[key];
        bool isOpen = _view.ReadInt64(pending) != 0 && _view.ReadInt64(pending + 8) == key;
        long other = isOpen ? _view.ReadInt64(pending + 16) : expected;
        this[key] = found;
        return found == expected || found == other ? null : $"{expected:x} or {other:x}";
    }

    /// <summary>Nobody is about to do anything.</summary>
    public void Settle()
    {
        for (int thread = 0; thread < Threads; thread++)
            _view.Write(PendingOffset + (PendingSize * thread), 0L);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
