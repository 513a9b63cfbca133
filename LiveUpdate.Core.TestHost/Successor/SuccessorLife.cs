namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A program with a memfd, a connection and a typed state, that is updated by a successor: <c>successor OLD NEW [retry]</c>, where OLD
/// and NEW say at which phase the old and the new process die. <c>adopting-life PATH SECRET OLD [retry]</c> and <c>adopted-life PATH
/// SECRET NEW</c> are the same with a successor that somebody else starts.
/// </summary>
internal static class SuccessorLife
{
    public const string SessionName = "life";

    private const int ConnectionRefused = 111;
    private const int MostAttempts = 50;

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(10);

    public static void Run(string[] args) =>
        Live(Options(Victim.Parse(args[2])), new SuccessorTarget(new SuccessorOptions()) { Reached = Victim.Parse(args[1]) }, args.Length > 3);

    public static void RunAdopting(string[] args) => Live(
        Options(),
        new SuccessorTarget(new SuccessorOptions { ListenPath = args[1], Secret = args[2] }) { Reached = Victim.Parse(args[3]) },
        args.Length > 4);

    public static void RunAdopted(string[] args)
    {
        while (!File.Exists(args[1]))
            Thread.Sleep(s_moment);
        LiveUpdateOptions options = Options(Victim.Parse(args[3]));
        options.Predecessor = new PredecessorOptions(args[1], args[2]);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Live(options, null, retries: false);
                return;
            }
            catch (LiveUpdateException exception) when ((int)exception.Error == ConnectionRefused && attempt < MostAttempts)
            {
                // The file is there a moment before anybody listens, and stays when its owner is killed.
                Thread.Sleep(s_moment);
            }
        }
    }

    public static LiveUpdateOptions Options(Action<SuccessorPhase>? reached = null) => new()
    {
        MemorySize = 4 << 20,
        SuccessorReached = reached,
        Handlers = { new MemfdHandler(), new StateHandler<Note>("note-v1", NoteFormatter.Instance), new DescriptorHandler() },
    };

    /// <summary>True if there is nothing more to do here.</summary>
    public static bool TryHandOver(LiveUpdateOrchestrator luo, HandoverTarget target, CancellationToken cancellationToken = default)
    {
        try
        {
            LiveUpdateReport report = luo.HandOver(target, cancellationToken);
            Scenario.Say($"handed over {report.Files} files, {report.Descriptors} descriptors");
            return true;
        }
        catch (LiveUpdateException exception) when (luo.IsOver)
        {
            Scenario.Say($"lost {exception.Error}");
            return true;
        }
        catch (LiveUpdateException exception)
        {
            Scenario.Say($"called off {exception.Error}");
            return false;
        }
    }

    public static bool Retrieve(LiveUpdateDevice device)
    {
        using Session session = device.RetrieveSession(SessionName);
        using SuccessorContent content = SuccessorContent.Retrieve(session);
        bool good = content.Check();
        session.Finish();
        return good;
    }

    // One that could not take over must not become an owner of its own when it tries again.
    private static LiveUpdateOrchestrator Boot(LiveUpdateOptions options)
    {
        try
        {
            return LiveUpdateOrchestrator.Boot(options);
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException && options.Predecessor is null)
        {
            if (!PeerLife.RefusesToBoot())
                Scenario.Say("second owner");
            throw;
        }
    }

    private static void Live(LiveUpdateOptions options, SuccessorTarget? target, bool retries)
    {
        using LiveUpdateOrchestrator luo = Boot(options);
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is { } update)
        {
            Scenario.Say($"new owner {Retrieve(device)}, target {update.Target}, files {update.Files}, descriptors {update.Descriptors}");
            return;
        }

        using Session session = device.CreateSession(SessionName);
        using SuccessorContent content = SuccessorContent.Create();
        content.Preserve(session);
        if (TryHandOver(luo, target!))
            return;
        Scenario.Say($"old owner {content.Check()}, files {session.GetFiles().Count}");
        if (retries)
            TryHandOver(luo, new SuccessorTarget(new SuccessorOptions { Arguments = ["successor", "-", "-"] }));
    }
}
