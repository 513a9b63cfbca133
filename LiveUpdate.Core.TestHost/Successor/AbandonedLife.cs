namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// An old process that may not kill its successor any more, since it has become another user: <c>abandoned WHEN</c>. Root only.
/// </summary>
/// <remarks>
/// WHEN is <c>before-hello</c>: the successor is a program that never says anything; <c>before-go</c>: the old one calls off while the
/// successor is warm; <c>hangs</c>: the successor hangs in its check for a while; <c>hangs-long</c>: longer than the old one waits for its
/// exit; <c>verified</c>: the old one calls off when the successor has verified.
/// </remarks>
internal static class AbandonedLife
{
    private const uint Nobody = 65534;

    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longHang = TimeSpan.FromSeconds(8);

    public static void Run(string[] args)
    {
        string when = args[1];
        LiveUpdateOptions options = SuccessorLife.Options();
        options.Handlers.Add(new SlowCheckHandler(when == "hangs" ? s_hang : when == "hangs-long" ? s_longHang : TimeSpan.Zero));
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(options);
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is not null)
        {
            Scenario.Say($"new owner {SuccessorLife.Retrieve(device)}, user {Libc.User()}");
            using Session rest = device.RetrieveSession("slow");
            rest.Finish();
            return;
        }

        using Session session = device.CreateSession(SuccessorLife.SessionName);
        using Session slow = device.CreateSession("slow");
        using SuccessorContent content = SuccessorContent.Create();
        content.Preserve(session);
        slow.Preserve(1, new SlowFile());
        CallOff(luo, when);
        Scenario.Say($"old owner {content.Check()}, user {Libc.User()}, could not end {luo.CleanupErrors.Count}");
        foreach (LiveUpdateException error in luo.CleanupErrors)
            Scenario.Say($"{error.Error} {error.Operation}: {error.Message[error.Message.IndexOf("root", StringComparison.Ordinal)..].Split('.')[0]}");
        SuccessorLife.TryHandOver(luo, new SuccessorTarget(new SuccessorOptions { Arguments = ["abandoned", "-"] }));
    }

    private static void CallOff(LiveUpdateOrchestrator luo, string when)
    {
        using var cancellation = new CancellationTokenSource();
        SuccessorPhase dropAt = when switch
        {
            "before-hello" => SuccessorPhase.Connected,
            "before-go" => SuccessorPhase.Synchronized,
            _ => SuccessorPhase.Go,
        };
        SuccessorPhase cancelAt = when == "before-go" ? SuccessorPhase.Frozen : SuccessorPhase.Verified;
        SuccessorOptions options = when == "before-hello"
            ? new SuccessorOptions { Path = "/bin/sleep", Arguments = ["8"], StartTimeout = s_short }
            : new SuccessorOptions { VerifyTimeout = when.StartsWith("hangs", StringComparison.Ordinal) ? s_short : s_long };
        var target = new SuccessorTarget(options)
        {
            Reached = phase =>
            {
                if (phase == dropAt)
                    Libc.BecomeUser(Nobody);
                if (phase == cancelAt)
                    cancellation.Cancel();
            },
        };
        try
        {
            SuccessorLife.TryHandOver(luo, target, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            Scenario.Say("cancelled");
        }
    }
}
