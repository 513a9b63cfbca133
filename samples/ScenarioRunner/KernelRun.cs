using System.Runtime.Versioning;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>Runs one stage of a file on the real device.</summary>
[SupportedOSPlatform("linux")]
internal static class KernelRun
{
    /// <summary>Runs a stage and prints its trace; a stage that the file has not is empty.</summary>
    /// <param name="file">The scenarios.</param>
    /// <param name="stage">The stage, from 1.</param>
    /// <param name="hold">Whether to stay alive, with all sessions that are open, until the machine goes.</param>
    /// <param name="output">Where the trace goes.</param>
    public static void Execute(ScenarioFile file, int stage, bool hold, TextWriter output)
    {
        using var log = new KernelLog();

        // What the first kernel logged at its start is no event: the later ones log what they found of the update.
        if (stage == 1)
            log.Skip();
        using var machine = new KernelMachine();
        var events = new Queue<string>();
        IReadOnlyList<string> lines = stage <= file.Stages.Count ? file.Stages[stage - 1] : [];
        ScenarioRun.RunStage(machine, stage, lines, events, output, () => log.Collect(events));
        if (hold)
            Thread.Sleep(Timeout.Infinite);
    }
}
