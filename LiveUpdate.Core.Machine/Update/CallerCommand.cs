using System.Net.Sockets;

namespace LiveUpdate.Machine.Update;

/// <summary>
/// caller STAGE | keep: updates that are prepared for somebody else's kexec, by a process that is killed then. In the first stage one is
/// aborted, and the sessions of another are given to a keeper; in the second nobody else holds them; in the third nothing has come.
/// </summary>
internal static class CallerCommand
{
    private const string KeeperPath = "/tmp/keeper";
    private const int MostSessions = 100;

    public static int Run(string[] args)
    {
        if (args[0] == "keep")
            return Keep();
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
        if (stage == 1)
            GiveToKeeper(prepared);
        Console.WriteLine($"PREPARED {prepared.Sessions.Count} sessions");
        Thread.Sleep(Timeout.Infinite);
        return 1;
    }

    private static void GiveToKeeper(PreparedUpdate prepared)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        SpinWait.SpinUntil(static () => File.Exists(KeeperPath));
        socket.Connect(new UnixDomainSocketEndPoint(KeeperPath));
        DescriptorPassing.SendAll(socket, [.. prepared.Sessions.Values]);
        Check.Equal(1, socket.Receive(new byte[1]), "the keeper's answer");
        Console.WriteLine($"caller: another process holds {prepared.Sessions.Count} sessions, and the one that prepared them is killed");
    }

    private static int Keep()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(KeeperPath + ".new"));
        listener.Listen();
        File.Move(KeeperPath + ".new", KeeperPath);
        using Socket socket = listener.Accept();
        using ReceivedDescriptors kept = DescriptorPassing.ReceiveAll(socket, MostSessions);
        socket.Send(new byte[1]);
        Thread.Sleep(Timeout.Infinite);
        return 1;
    }
}
