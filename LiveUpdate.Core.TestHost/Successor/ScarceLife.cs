using System.Diagnostics;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A process that has fewer and fewer descriptors free when it hands over: <c>scarce PATH</c>, where PATH is for a socket. Each time it
/// says what it was refused with and whether anything is left over; in the end it hands over.
/// </summary>
internal static class ScarceLife
{
    private const string Secret = "a secret";

    public static void Run(string[] args)
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(SuccessorLife.Options());
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is not null)
        {
            Scenario.Say($"new owner {SuccessorLife.Retrieve(device)}");
            return;
        }

        using Session session = device.CreateSession(SuccessorLife.SessionName);
        using SuccessorContent content = SuccessorContent.Create();
        content.Preserve(session);
        using var cancellation = new CancellationTokenSource();
        for (int free = -1; free < 5; free++)
            Start(luo, free, cancellation.Token);
        for (int free = 0; free < 4; free++)
            Adopt(luo, free, args[1], cancellation.Token);
        Scenario.Say($"old owner {content.Check()}, files {session.GetFiles().Count}");
        SuccessorLife.TryHandOver(luo, new SuccessorTarget(new SuccessorOptions()));
    }

    // The first time, with -1, nothing is scarce: the code is loaded.
    private static void Start(LiveUpdateOrchestrator luo, int free, CancellationToken cancellationToken)
    {
        Leftovers before = Leftovers.Now();
        HandOver(luo, $"start with {free} free", free, new SuccessorTarget(new SuccessorOptions { Path = "/bin/true", Arguments = [] }), cancellationToken);
        SayLeft(before);
    }

    private static void Adopt(LiveUpdateOrchestrator luo, int free, string path, CancellationToken cancellationToken)
    {
        Leftovers before = Leftovers.Now();
        var target = new SuccessorTarget(new SuccessorOptions { ListenPath = path, Secret = Secret });
        using (Process other = Process.Start(ThisProgram.File, ThisProgram.With("adopted-life", path, Secret, "-")))
        {
            HandOver(luo, $"adopt with {free} free", free, target, cancellationToken);
            other.Kill();
            other.WaitForExit();
        }

        SayLeft(before);
        if (File.Exists(path))
            Scenario.Say("the socket is left");
    }

    private static void HandOver(LiveUpdateOrchestrator luo, string what, int free, SuccessorTarget target, CancellationToken cancellationToken)
    {
        string outcome = "succeeded";
        if (free >= 0)
            ScarceDescriptors.Leave(free);
        try
        {
            luo.HandOver(target, cancellationToken);
        }
        catch (LiveUpdateException exception)
        {
            outcome = exception.Error.ToString();
        }

        ScarceDescriptors.Restore();
        Scenario.Say($"{what}: {outcome}");
    }

    private static void SayLeft(Leftovers before)
    {
        if (Leftovers.Now() is var after && after != before)
            Scenario.Say($"left over: {before} has become {after}");
    }
}
