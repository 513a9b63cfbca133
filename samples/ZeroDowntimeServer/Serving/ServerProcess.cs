using LiveUpdate;
using ZeroDowntimeServer.Protocol;

namespace ZeroDowntimeServer.Serving;

/// <summary>
/// One generation of the server: starts, or takes over, and does what the driver says on standard input, which every generation inherits.
/// The thread of <c>Main</c> is for that, and for the hand-over; connections are served by the pool.
/// </summary>
internal static class ServerProcess
{
    /// <summary>The argument that makes this program a server; a kind of sabotage may follow.</summary>
    public const string Argument = "serve";

    private const long MemorySize = 16L << 20;

    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(1);

    // Referenced to the end of the process: a socket that is finalized here would have its connection reset in the next generation.
    private static EchoServer? s_server;

    public static int Run(Sabotage sabotage)
    {
        LiveUpdateOptions options = CreateOptions(MemorySize, sabotage);
        options.Rehearse = Rehearsal.Run;
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(options);
        using LiveUpdateDevice device = luo.OpenDevice();
        EchoServer server = s_server = luo.PreviousUpdate is null ? Start(device) : EchoServer.TakeOver(device);
        if (luo.PreviousUpdate is { } update)
            SayUpdated(server, update);
        else
            SayReady(server);
        while (Console.In.ReadLine() is { } command)
        {
            switch (command.Split(' '))
            {
                case [ServerCommand.Update, .. string[] how]:
                    if (TryHandOver(luo, server, how))
                        return 0;
                    break;
                case [ServerCommand.Stop]:
                    Say(ServerNotice.Stopped, server.State.Requests, server.State.Connections);
                    return 0;
            }
        }

        return 0;
    }

    /// <summary>What a generation boots with.</summary>
    public static LiveUpdateOptions CreateOptions(long memorySize, Sabotage sabotage) => new()
    {
        MemorySize = memorySize,
        Handlers =
        {
            new MemfdHandler(),
            new StateHandler<ServerState>(
                "echo-server-v1", sabotage == Sabotage.None ? ServerStateFormatter.Instance : new SabotagedFormatter(sabotage)),

            // What the buffers hold changes with every message: room for the most that they can is reserved when a connection comes.
            new StateHandler<ConnectionState>("echo-connection-v1", ConnectionStateFormatter.Instance)
            {
                ReserveBytes = ConnectionStateFormatter.MaxBytes,
            },
            new DescriptorHandler(),
        },
    };

    private static EchoServer Start(LiveUpdateDevice device)
    {
        EchoServer server = EchoServer.Listen();
        server.Preserve(device);
        server.Start();
        return server;
    }

    private static bool TryHandOver(LiveUpdateOrchestrator luo, EchoServer server, string[] how)
    {
        var options = new SuccessorOptions { Arguments = [Argument, .. how], Quiesce = server.ComeToRest, Resume = server.Resume };
        try
        {
            luo.HandOver(HandoverTarget.Successor(options));
            return true;
        }
        catch (Exception exception) when (exception is LiveUpdateException or TimeoutException && !luo.IsOver)
        {
            Say(ServerNotice.CalledOff, exception.Message);
            return false;
        }
    }

    private static void SayReady(EchoServer server)
    {
        // A successor has rehearsed its own update before it took over; the first generation does it here.
        Rehearsal.Run(CancellationToken.None);
        Say(ServerNotice.Ready, server.Port);
    }

    private static void SayUpdated(EchoServer server, LiveUpdateReport update)
    {
        long answered = server.FirstAnswer.Wait(s_answerLimit) ? server.FirstAnswer.Result : 0;
        (long received, long unsent) = server.Carried;
        Say(ServerNotice.Updated, update.Number, server.State.RestedAt, answered, update.FrozenAt, server.RetrievedAt, received, unsent);
    }

    private static void Say(string kind, params object[] values) => Console.Out.WriteLine(ServerNotice.Of(kind, values));
}
