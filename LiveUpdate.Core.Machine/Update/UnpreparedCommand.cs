using System.Diagnostics;

namespace LiveUpdate.Machine.Update;

/// <summary>
/// unprepared leave|find|other|cold: a kernel that is replaced without a hand-over of the orchestrator, whose sessions the kernel hands over all the
/// same.
/// </summary>
internal static class UnpreparedCommand
{
    public static int Run(string[] args)
    {
        switch (args[0])
        {
            case "leave":
                using (var left = new Generation(1, Content.Small))
                {
                    left.Preserve();
                    Console.WriteLine("HELD");
                    Thread.Sleep(Timeout.Infinite);
                }

                return 1;
            case "find":
                return Find();
            case "other":
                LiveUpdateException refusal = Check.Refused(
                    LiveUpdateError.InvalidArgument, static () => new Generation(2, Content.Small).Dispose(), "a session that another process has");
                Console.WriteLine($"unprepared: another process meanwhile: {refusal.Message}");
                return 0;
            default:
                using (var cold = new Generation(2, Content.Small))
                    Check.Equal(null, cold.Luo.PreviousUpdate, "the update before");
                Console.WriteLine("unprepared: the process after it booted cold");
                return 0;
        }
    }

    private static int Find()
    {
        try
        {
            using var generation = new Generation(2, Content.Small);
            throw new InvalidOperationException("Memory that was not handed over was taken.");
        }
        catch (LiveUpdateImageException exception)
        {
            Console.WriteLine($"unprepared: {exception.Message}; parked: {string.Join(", ", KernelDevice.ParkedSessions)}");
        }

        using Process other = Process.Start(Environment.ProcessPath!, ["unprepared", "other"]);
        other.WaitForExit();
        return other.ExitCode;
    }
}
