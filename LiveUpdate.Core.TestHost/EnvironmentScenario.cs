using System.Diagnostics;

namespace LiveUpdate.TestHost;

/// <summary>Arguments and environment: those of the process, with what was set at run time, and then others.</summary>
internal sealed class EnvironmentScenario : Scenario
{
    private const string Name = "LIVEUPDATE_TEST";

    protected override ulong Updates => 2;

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        Environment.SetEnvironmentVariable(Name, "set at run time");
        session.Preserve(1, new Note("", 0));
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        Say($"arguments {string.Join('|', args[1..])}");
        Say($"variable {Environment.GetEnvironmentVariable(Name)}");
        Say($"notice gone {Environment.GetEnvironmentVariable("LIVEUPDATE_EXEC") is null}");
        string[] echo = ["-c", "echo \"child ${LIVEUPDATE_EXEC-nothing}\""];
        using Process child = Process.Start(new ProcessStartInfo("sh", echo) { RedirectStandardOutput = true })!;
        Say(child.StandardOutput.ReadToEnd().TrimEnd());
    }

    protected override void HandOver(LiveUpdateOrchestrator luo)
    {
        if (luo.UpdateNumber == 0)
            luo.HandOver(HandoverTarget.Exec());
        Dictionary<string, string> variables = Environment.GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value!);
        variables[Name] = "given";
        string[] arguments = ["environment", "other ones", "täg", ""];
        luo.HandOver(HandoverTarget.Exec(new ExecOptions { Arguments = arguments, Environment = variables }));
    }
}
