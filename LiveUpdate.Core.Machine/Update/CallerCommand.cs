namespace LiveUpdate.Machine.Update;

/// <summary>
/// caller STAGE: updates that are prepared for somebody else's kexec. In the first stage one is aborted and one held; in the second the
/// holder is to be killed; in the third nothing has come.
/// </summary>
internal static class CallerCommand
{
    public static int Run(string[] args)
    {
        int stage = args[0][0] - '0';
        using var generation = new Generation(stage, Content.Small);
        if (stage == 3)
        {
            Check.Equal(null, generation.Luo.PreviousUpdate, "the update after the holder was killed");
            Check.Equal(0, generation.Device.GetIncomingSessions().Count, "sessions");
            Console.WriteLine("caller: the holder was killed before the kexec: generation 3 booted cold");
            return 0;
        }

        if (stage == 2)
            generation.Claim();
        generation.Preserve();
        if (stage == 1)
        {
            try
            {
                generation.Luo.HandOver(HandoverTarget.Kernel(KexecBy.Caller));
                throw new InvalidOperationException("HandOver took a target of the caller's");
            }
            catch (ArgumentException)
            {
            }

            using (PreparedUpdate aborted = generation.Luo.Prepare(HandoverTarget.Kernel(KexecBy.Caller)))
            {
                Check.Equal("liveupdate-core, liveupdate-core.1", string.Join(", ", aborted.Sessions.Keys.Order(StringComparer.Ordinal)), "sessions");
                Check.Refused(LiveUpdateError.Busy, () => generation.Luo.Prepare(HandoverTarget.Kernel(KexecBy.Caller)), "a second one");
                Task<Session> waiting = Task.Run(() => generation.Device.CreateSession("afterwards"));
                Check.Equal(false, waiting.Wait(100), "a session is made while the update is prepared");
                aborted.Abort();
                waiting.Result.Dispose();
                Check.Equal(true, aborted.IsAborted, "aborted");
            }
        }

        PreparedUpdate prepared = generation.Luo.PrepareAsync(HandoverTarget.Kernel(KexecBy.Caller)).GetAwaiter().GetResult();
        Console.WriteLine($"PREPARED {prepared.Sessions.Count} sessions");
        Thread.Sleep(Timeout.Infinite);
        return 1;
    }
}
