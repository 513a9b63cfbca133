using System.Diagnostics;

namespace LiveUpdate.TestHost.Successor;

/// <summary>Lets this process die by SIGKILL at a phase: there at once, or so many microseconds later, wherever it is by then.</summary>
internal static class Victim
{
    /// <summary>
    /// Reads <c>-</c> for never, or the name of a phase; with <c>collect</c> nobody dies, and the garbage collector and the finalizers run
    /// at every phase.
    /// </summary>
    public static Action<SuccessorPhase> Parse(string text)
    {
        if (text == "-")
            return static _ => { };
        if (text == "collect")
            return static _ => Collect();
        SuccessorPhase at = Enum.Parse<SuccessorPhase>(text);
        return phase =>
        {
            if (phase == at)
                Die();
        };
    }

    /// <summary>Dies here with 0, or later on another thread.</summary>
    public static void DieAfter(int microseconds, Action lastWords)
    {
        if (microseconds == 0)
        {
            lastWords();
            Die();
        }

        new Thread(() =>
        {
            long started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started).TotalMicroseconds < microseconds)
                Thread.SpinWait(10);
            lastWords();
            Die();
        })
        { IsBackground = true }.Start();
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    public static void Die()
    {
        using Process self = Process.GetCurrentProcess();
        self.Kill();
        for (; ; )
            Thread.Yield();
    }
}
