using System.Diagnostics;

namespace LiveUpdate.TestHost.Successor;

/// <summary>Lets this process die by SIGKILL at a phase: there at once, or so many microseconds later, wherever it is by then.</summary>
internal static class Victim
{
    /// <summary>Reads <c>-</c> for never, <c>Go</c>, or <c>Go+150</c>.</summary>
    public static Action<SuccessorPhase> Parse(string text)
    {
        if (text == "-")
            return static _ => { };
        string[] parts = text.Split('+');
        SuccessorPhase at = Enum.Parse<SuccessorPhase>(parts[0]);
        int microseconds = parts.Length > 1 ? int.Parse(parts[1]) : 0;
        return phase =>
        {
            if (phase != at)
                return;
            if (microseconds == 0)
                Die();
            else
                new Thread(() => DieAfter(microseconds)) { IsBackground = true }.Start();
        };
    }

    public static void Die()
    {
        using Process self = Process.GetCurrentProcess();
        self.Kill();
        for (; ; )
            Thread.Yield();
    }

    private static void DieAfter(int microseconds)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalMicroseconds < microseconds)
            Thread.SpinWait(10);
        Die();
    }
}
