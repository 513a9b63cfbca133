using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>One handler in one orchestrator: its number, its FLB links, and the files that hold it.</summary>
internal sealed class FileRegistration
{
    private const int IncomingShift = 32;

    private readonly CompatibleField _field;

    // The files of both sides in one number, so that one operation counts: outgoing ones in the lower half, incoming ones in the upper.
    private long _files;
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

    /// <summary>
    /// The older string that a hand-over under way writes instead of the handler's own, because the next generation knows only that;
    /// null for the
    /// own one. Set while nothing is frozen or everything is.
    /// </summary>
    public OlderName? WriteAs { get; set; }

    /// <summary>How many files of either side hold it.</summary>
    public int LiveFiles
    {
        get
        {
            long files = Volatile.Read(ref _files);
            return (int)files + (int)(files >> IncomingShift);
        }
    }

    /// <summary>How many preserved files hold it.</summary>
    public int OutgoingFiles => (int)Volatile.Read(ref _files);

    public void AddOutgoing() => Interlocked.Increment(ref _files);

    public void AddIncoming(int count) => Interlocked.Add(ref _files, (long)count << IncomingShift);

    /// <summary>Lets a preserved file go; true if the handler is being unregistered and this was the last one.</summary>
    public bool RemoveOutgoing() => Interlocked.Decrement(ref _files) == 0 && _goingAway;

    /// <summary>Lets an incoming file go; true if the handler is being unregistered and this was the last one.</summary>
    public bool RemoveIncoming() => Interlocked.Add(ref _files, -(1L << IncomingShift)) == 0 && _goingAway;

    /// <summary>Begins to unregister the handler; true if no file holds it.</summary>
    public bool BeginLeaving()
    {
        _goingAway = true;

        // The flag must be out before the count is read: else this and the removal of the last file could each leave the rest to the other.
        Interlocked.MemoryBarrier();
        return LiveFiles == 0;
    }
}
