using System.Diagnostics;

namespace LiveUpdate.TestHost;

/// <summary>The new image starts a child before it boots: the child inherits the notice, and must start cold.</summary>
internal sealed class StaleNoticeScenario : Scenario
{
    protected override void BeforeBoot()
    {
        if (NoticedMemory() is null || Environment.GetCommandLineArgs().Length > 2)
            return;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (string argument in File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0')[1..])
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add("child");
        using Process child = Process.Start(start)!;
        Say($"child: {child.StandardOutput.ReadToEnd().TrimEnd()}");
    }

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        if (args.Length > 1)
        {
            Say($"cold, notice gone {Environment.GetEnvironmentVariable("LIVEUPDATE_EXEC") is null}");
            Environment.Exit(0);
        }

        session.Preserve(1, new Note("still here", 0));
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args) =>
        Say($"parent: {session.Retrieve<Note>(1).Text}");
}
