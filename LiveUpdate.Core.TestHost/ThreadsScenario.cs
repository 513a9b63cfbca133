namespace LiveUpdate.TestHost;

/// <summary>A process with many threads: some compute and allocate, some wait, some are in a system call.</summary>
internal sealed class ThreadsScenario : Scenario
{
    private const int Threads = 32;

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        using var started = new CountdownEvent(Threads);
        for (int number = 0; number < Threads; number++)
        {
            int kind = number % 3;
            new Thread(() => Work(kind, started)) { IsBackground = true }.Start();
        }

        started.Wait();
        session.Preserve(1, new Note("threads", Directory.GetDirectories("/proc/self/task").Length));
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        Say($"had many threads {session.Retrieve<Note>(1).Number > Threads}");
        Say($"has them still {Directory.GetDirectories("/proc/self/task").Length > Threads}");
    }

    private static void Work(int kind, CountdownEvent started)
    {
        var forEver = new ManualResetEventSlim();
        var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.In);
        started.Signal();
        if (kind == 0)
            forEver.Wait();
        if (kind == 1)
            pipe.ReadByte();
        for (; ; )
            GC.KeepAlive(new byte[1000]);
    }
}
