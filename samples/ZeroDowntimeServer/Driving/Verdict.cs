using ZeroDowntimeServer.Protocol;

namespace ZeroDowntimeServer.Driving;

/// <summary>Says how it went.</summary>
internal static class Verdict
{
    /// <summary>Prints the figures.</summary>
    /// <returns>Whether nothing was lost.</returns>
    public static bool Say(UpdateLog log, Tally tally, ServerNotice last, TimeSpan duration)
    {
        long lost = tally.BytesSent - tally.BytesEchoed;
        // The server's last word must agree with what its clients saw.
        bool isCounted = tally.IsCounterComplete && last.Number(0) == (long)tally.Replies && last.Number(1) == tally.Connections;
        Console.WriteLine($"{log.Updates} updates in {duration.TotalSeconds:F1} s, called off: {log.CalledOff}");
        Console.WriteLine($"{tally.Connections} connections, {tally.Replies} requests, {tally.BytesEchoed} bytes echoed");
        Console.WriteLine($"carried by updates: {log.ReceivedBytes} bytes received and not answered, {log.UnsentBytes} answered and not sent");
        Console.WriteLine($"broken connections {tally.Broken}, lost bytes {lost}");
        Console.WriteLine(isCounted
            ? $"counter 1 to {tally.HighestCounter}, each once; the cache held what was put in every one of {tally.Replies} look-ups"
            : $"after {tally.Replies} requests the counter is {tally.HighestCounter} at the clients and {last.Number(0)} at the server");
        Console.WriteLine();
        Console.WriteLine($"{"us",-38}{"median",10}{"p90",10}{"p99",10}{"max",10}");
        Say("at rest to the first answer", log.Pauses);
        Say("first freeze to the first retrieve", log.Freezes);
        Say("each client's longest wait", tally.LongestWaits);
        Console.WriteLine();
        Console.WriteLine($"pause median {log.Pauses.Percentile(50)} us p99 {log.Pauses.Percentile(99)} us");
        if (tally.FirstFailure is { } failure)
            Console.Error.WriteLine(failure);
        else if (lost != 0 || !isCounted)
            Console.Error.WriteLine("Something was lost.");
        return tally.FirstFailure is null && lost == 0 && isCounted;
    }

    private static void Say(string what, Distribution times) => Console.WriteLine(
        $"{what,-38}{times.Percentile(50),10}{times.Percentile(90),10}{times.Percentile(99),10}{times.Percentile(100),10}");
}
