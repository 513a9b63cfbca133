using System.Diagnostics;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A successor that connects: <c>adopt PATH SECRET WRONG</c> is the old process, which starts another with a wrong secret and then one
/// with the right
/// one; <c>adopted PATH SECRET</c> is the new one.
/// </summary>
internal static class AdoptedLife
{
    public static void RunOld(string path, string secret)
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(SuccessorLife.Options());
        using LiveUpdateDevice device = luo.OpenDevice();
        using Session session = device.CreateSession("adopted");
        session.Preserve(1, new Note("adopted", 1));
        Task? others = null;
        var target = new SuccessorTarget(new SuccessorOptions { ListenPath = path, Secret = secret })
        {
            Reached = phase =>
            {
                if (phase == SuccessorPhase.Connected)
                    others = Task.Run(() => StartAll(path, secret));
            },
        };
        SuccessorLife.TryHandOver(luo, target);
        others!.Wait();
        Scenario.Say($"socket left {File.Exists(path)}");
    }

    public static void RunNew(string path, string secret)
    {
        LiveUpdateOptions options = SuccessorLife.Options();
        options.Predecessor = new PredecessorOptions(path, secret);

        // Longer than a predecessor lets one that has connected keep silent.
        options.Rehearse = static _ => Thread.Sleep(3000);
        try
        {
            using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(options);
            using LiveUpdateDevice device = luo.OpenDevice();
            using Session session = device.RetrieveSession("adopted");
            Scenario.Say($"new owner {session.Retrieve<Note>(1).Text}");
            session.Finish();
        }
        catch (LiveUpdateException exception)
        {
            Scenario.Say($"turned away {exception.Error}");
            try
            {
                LiveUpdateOrchestrator.Boot(options).Dispose();
            }
            catch (InvalidOperationException)
            {
                Scenario.Say("no second boot");
            }
        }
    }

    private static void StartAll(string path, string secret)
    {
        Start(path, "guessed");
        Start(path, secret);
    }

    private static void Start(string path, string secret)
    {
        using Process process = Process.Start(ThisProgram.File, ThisProgram.With("adopted", path, secret));
        process.WaitForExit();
    }
}
