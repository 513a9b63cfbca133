namespace LiveUpdate;

/// <summary>
/// Does something a moment after the pause of an update, on a thread that is there before: nobody is woken and no thread is started within
/// the pause, and the caller's first steps are not slowed down by what can wait.
/// </summary>
internal sealed class LaterWork
{
    private const int MillisecondsBetweenLooks = 5;

    private readonly Thread _thread;
    private Action? _work;
    private bool _ended;

    private LaterWork() => _thread = new Thread(Run) { IsBackground = true, Name = "liveupdate later" };

    /// <summary>Starts the thread.</summary>
    public static LaterWork Start()
    {
        var later = new LaterWork();
        later._thread.Start();
        return later;
    }

    /// <summary>Has it done within milliseconds, if the process lives as long; once.</summary>
    public void Do(Action work) => Volatile.Write(ref _work, work);

    /// <summary>Ends the thread without anything done.</summary>
    public void End() => Volatile.Write(ref _ended, true);

    private void Run()
    {
        while (!Volatile.Read(ref _ended))
        {
            Thread.Sleep(MillisecondsBetweenLooks);
            if (Volatile.Read(ref _work) is not { } work)
                continue;
            work();
            return;
        }
    }
}
