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

    /// <summary>Has it done within milliseconds, or by <see cref="Finish"/>; once.</summary>
    public void Do(Action work) => Volatile.Write(ref _work, work);

    /// <summary>Ends the thread without anything done.</summary>
    public void End() => Volatile.Write(ref _ended, true);

    /// <summary>Returns when it has been done, by whomever: for a process that may end sooner than within milliseconds.</summary>
    public void Finish()
    {
        Interlocked.Exchange(ref _work, null)?.Invoke();
        End();
        // Whoever is told may dispose the generation right there.
        if (Thread.CurrentThread != _thread)
            _thread.Join();
    }

    private void Run()
    {
        while (!Volatile.Read(ref _ended))
        {
            Thread.Sleep(MillisecondsBetweenLooks);
            if (Interlocked.Exchange(ref _work, null) is not { } work)
                continue;
            work();
            return;
        }
    }
}
