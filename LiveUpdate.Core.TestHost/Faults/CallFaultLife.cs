using System.Diagnostics;
using System.Globalization;
using LiveUpdate.TestHost.Successor;

namespace LiveUpdate.TestHost.Faults;

/// <summary>
/// A process that hands over again and again, and each time the next system call of one side fails: <c>call-faults WAY SIDE FIRST STEP
/// ERROR</c>. WAY is <c>start</c>, <c>adopt</c> or <c>exec</c>, SIDE <c>old</c> or <c>new</c>, ERROR as <see cref="CallFaults.Arm"/> has it. It
/// ends when a hand-over succeeds. What it gets back to after one that failed, and who owns what in the end, it says.
/// </summary>
internal sealed class CallFaultLife(string way, string side, string error)
{
    private const string Secret = "a secret";
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(10);

    // How long the old process listens for another one once the one that there was has gone.
    private static readonly TimeSpan s_noOther = TimeSpan.FromMilliseconds(500);

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"call-faults-{Environment.ProcessId}");

    public static void Run(string[] args)
    {
        if (Environment.GetEnvironmentVariable("LIVEUPDATE_EXEC") is null)
            new CallFaultLife(args[1], args[2], args[5]).RunOld(Number(args[3]), Number(args[4]));
        else
            TakeOverImage(args[2] == "new" ? Number(args[3]) : 0, args[5]);
    }

    /// <summary>The successor: <c>call-faulted WAY FAILING ERROR PATH</c>.</summary>
    public static void RunNew(string[] args)
    {
        LiveUpdateOptions options = SuccessorLife.Options();
        if (args[1] == "adopt")
        {
            options.Predecessor = new PredecessorOptions(args[4], Secret);
            while (!File.Exists(args[4]))
                Thread.Sleep(s_moment);
        }

        TakeOver(options, Number(args[2]), args[3]);
    }

    // The image before this one is gone: a boot that fails has taken nothing, and the next one finds everything.
    private static void TakeOverImage(int failing, string error)
    {
        try
        {
            CallFaults.Arm(failing, error);
            Own(LiveUpdateOrchestrator.Boot(SuccessorLife.Options()));
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException)
        {
            CallFaults.Disarm();
            Scenario.Say($"boots again: {exception.Message}");
            Own(LiveUpdateOrchestrator.Boot(SuccessorLife.Options()));
        }
    }

    private static void TakeOver(LiveUpdateOptions options, int failing, string error)
    {
        try
        {
            CallFaults.Arm(failing, error);
            Own(LiveUpdateOrchestrator.Boot(options));
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException)
        {
            CallFaults.Disarm();
            Scenario.Say($"turned away: {exception.Message}");
            if (!PeerLife.RefusesToBoot())
                Scenario.Say("wrong: a second owner");
        }
    }

    private static void Own(LiveUpdateOrchestrator booted)
    {
        using LiveUpdateOrchestrator luo = booted;
        using LiveUpdateDevice device = luo.OpenDevice();
        CallFaults.Disarm();
        Scenario.Say(SuccessorLife.Retrieve(device) ? "new owner" : "wrong: the new owner has not what there was");
    }

    private void RunOld(int first, int step)
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(SuccessorLife.Options());
        using LiveUpdateDevice device = luo.OpenDevice();
        using Session session = device.CreateSession(SuccessorLife.SessionName);
        using SuccessorContent content = SuccessorContent.Create();
        content.Preserve(session);
        Leftovers? before = null;
        for (int failing = first; ; failing += step)
        {
            if (TryHandOver(luo, failing))
                return;
            if (!content.Check() || session.GetFiles().Count != 4)
                Scenario.Say($"wrong: after call {failing} the old owner has not what there was");
            var after = Leftovers.Now();
            if (before is not null && after.Exceeds(before))
                Scenario.Say($"wrong: after call {failing} is left over: {before} has become {after}");

            // The first time what the runtime opens for itself is opened.
            before ??= after;
        }
    }

    private bool TryHandOver(LiveUpdateOrchestrator luo, int failing)
    {
        using var cancellation = new CancellationTokenSource();
        using Process? other = way == "adopt" ? StartOther(failing, cancellation) : null;
        string outcome = "handed over";
        if (side == "old")
            CallFaults.Arm(failing, error);
        try
        {
            luo.HandOver(Target(failing), cancellation.Token);
        }
        catch (Exception exception) when (exception is LiveUpdateException or OperationCanceledException)
        {
            outcome = $"{(luo.IsOver ? "lost" : "called off")}: {exception.Message}";
        }

        if (side == "old")
            CallFaults.Disarm();
        Scenario.Say(outcome);
        if (other is not null && !luo.IsOver)
        {
            other.Kill();
            other.WaitForExit();
        }

        return luo.IsOver;
    }

    private HandoverTarget Target(int failing) => way switch
    {
        "start" => HandoverTarget.Successor(new SuccessorOptions { Arguments = NewArguments(failing) }),
        "adopt" => HandoverTarget.Successor(new SuccessorOptions { ListenPath = _path, Secret = Secret }),
        _ => HandoverTarget.Exec(),
    };

    private Process StartOther(int failing, CancellationTokenSource cancellation)
    {
        Process other = Process.Start(ThisProgram.File, ThisProgram.With(NewArguments(failing)));
        other.Exited += (_, _) =>
        {
            try
            {
                cancellation.CancelAfter(s_noOther);
            }
            catch (ObjectDisposedException)
            {
                // The hand-over has ended before.
            }
        };
        other.EnableRaisingEvents = true;
        return other;
    }

    private string[] NewArguments(int failing) => ["call-faulted", way, side == "new" ? $"{failing}" : "0", error, _path];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
