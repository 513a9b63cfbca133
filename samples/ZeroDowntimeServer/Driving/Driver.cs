using System.Diagnostics;
using ZeroDowntimeServer.Protocol;
using ZeroDowntimeServer.Serving;

namespace ZeroDowntimeServer.Driving;

/// <summary>Starts the server, keeps it busy, has it updated again and again, and says what became of it.</summary>
internal static class Driver
{
    private const int LongestGap = 20;

    /// <summary>The exit code: 0 if nothing was lost.</summary>
    public static async Task<int> RunAsync(DrivePlan plan, CancellationToken cancellationToken)
    {
        try
        {
            long started = Stopwatch.GetTimestamp();
            await using ServerControl server = await ServerControl.StartAsync(cancellationToken);
            await using var load = new Load(server.Port, plan.Connections);
            load.Start();
            UpdateLog log = await UpdateAsync(server, plan, load.Tally, cancellationToken);
            await load.StopAsync();
            ServerNotice last = await server.StopAsync(cancellationToken);
            return Verdict.Say(log, load.Tally, last, Stopwatch.GetElapsedTime(started)) ? 0 : 1;
        }
        catch (Exception exception) when (exception is LostException or IOException or TimeoutException)
        {
            Console.Error.WriteLine(exception.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Interrupted.");
            return 1;
        }
    }

    // Ends early when something is lost: what comes after that proves nothing.
    private static async Task<UpdateLog> UpdateAsync(ServerControl server, DrivePlan plan, Tally tally, CancellationToken cancellationToken)
    {
        var log = new UpdateLog();
        while (log.Updates < plan.Updates && tally.FirstFailure is null)
        {
            log.AddUpdated(await server.UpdateAsync(Sabotage.None, cancellationToken));
            if (plan.FailEvery > 0 && log.Updates % plan.FailEvery == 0)
                log.AddCalledOff(await server.UpdateAsync(log.CalledOff % 2 == 0 ? Sabotage.Refuse : Sabotage.Crash, cancellationToken));
            await Task.Delay(Random.Shared.Next(LongestGap), cancellationToken);
        }

        return log;
    }
}
