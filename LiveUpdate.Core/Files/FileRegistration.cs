using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>One handler in one orchestrator: its number, its FLB links, and the files that hold it.</summary>
internal sealed class FileRegistration
{
    private readonly CompatibleField _field;
    private int _liveFiles;
    private volatile bool _goingAway;

    public FileRegistration(FileHandler handler, int number)
    {
        (Handler, Number) = (handler, number);
        _field = CompatibleField.Encode(handler.Compatible);
        OlderFields = [.. handler.RetrievesFrom.Select(static older => CompatibleField.Encode(older))];
    }

    /// <summary>The compatible string as it lies in a record.</summary>
    public ref readonly CompatibleField Field => ref _field;

    /// <summary>The older strings that the handler retrieves from, as they lie in a record.</summary>
    public CompatibleField[] OlderFields { get; }

    public FileHandler Handler { get; }

    /// <summary>Its number, which stands for it in the file tables and is never given to another.</summary>
    public int Number { get; }

    /// <summary>The FLBs that its files depend on, in link order. Replaced as a whole, under the registration lock.</summary>
    public FlbRegistration[] Links { get; set; } = [];

    /// <summary>Whether it is being unregistered: it takes no more files and leaves with its last one.</summary>
    public bool IsGoingAway => _goingAway;

    /// <summary>How many files of either side hold it.</summary>
    public int LiveFiles => Volatile.Read(ref _liveFiles);

    public void AddFile() => Interlocked.Increment(ref _liveFiles);

    public void AddFiles(int count) => Interlocked.Add(ref _liveFiles, count);

    /// <summary>Lets a file go; true if the handler is being unregistered and this was the last one.</summary>
    public bool RemoveFile() => Interlocked.Decrement(ref _liveFiles) == 0 && _goingAway;

    /// <summary>Begins to unregister the handler; true if no file holds it.</summary>
    public bool BeginLeaving()
    {
        _goingAway = true;

        // The flag must be out before the count is read: else this and the last RemoveFile could each leave the rest to the other.
        Interlocked.MemoryBarrier();
        return LiveFiles == 0;
    }
}
