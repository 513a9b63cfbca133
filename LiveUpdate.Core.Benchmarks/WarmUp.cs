using System.Diagnostics;

namespace LiveUpdate.Benchmarks;

/// <summary>Runs code until it has its last form, once a process, where a measurement is too short for that.</summary>
internal static class WarmUp
{
    private static readonly TimeSpan s_enough = TimeSpan.FromSeconds(3);
    private static readonly HashSet<string> s_done = [];

    public static void Once(string name, Action action)
    {
        if (!s_done.Add(name))
            return;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < s_enough;)
            action();
    }
}
