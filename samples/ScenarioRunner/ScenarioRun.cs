using System.Runtime.Versioning;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>Takes an orchestrator through the stages of a file.</summary>
[SupportedOSPlatform("linux")]
internal static class ScenarioRun
{
    /// <summary>Runs every stage and prints its trace.</summary>
    public static void Execute(ScenarioFile file, ScenarioDevice device, TextWriter output)
    {
        var events = new Queue<string>();
        TestFlb[] flbs = [.. Enumerable.Range(0, TestFlb.Number).Select(index => new TestFlb(index, events.Enqueue))];
        LiveUpdateOrchestrator orchestrator = LiveUpdateOrchestrator.Boot(MakeOptions(flbs));
        try
        {
            for (int stage = 0; stage < file.Stages.Count; stage++)
            {
                AskForFlbs(orchestrator, flbs);
                using var on = new ScenarioStage(orchestrator, device);
                RunStage(on.Machine, stage + 1, file.Stages[stage], events, output);
                if (stage == file.Stages.Count - 1)
                    break;

                // The kexec: sessions that are open travel, what is not finished is lost, every other descriptor goes.
                LiveUpdateOrchestrator next = orchestrator.HandOver(HandoverTarget.InProcess(MakeOptions(flbs))).Next;
                orchestrator.Dispose();
                orchestrator = next;
            }
        }
        finally
        {
            orchestrator.Dispose();
        }
    }

    private static LiveUpdateOptions MakeOptions(IEnumerable<TestFlb> flbs)
    {
        var memfds = new MemfdHandler();
        foreach (TestFlb flb in flbs)
            memfds.DependsOn.Add(flb);
        return new LiveUpdateOptions { Handlers = { memfds }, DiscardUnfinished = true, MemorySize = 256L << 20 };
    }

    /// <summary>Gets and puts each FLB's incoming object once, as the kernel's test module does at boot.</summary>
    private static void AskForFlbs(LiveUpdateOrchestrator orchestrator, IEnumerable<TestFlb> flbs)
    {
        foreach (TestFlb flb in flbs)
        {
            try
            {
                orchestrator.GetIncoming(flb).Dispose();
            }
            catch (LiveUpdateException exception) when (exception.Error is LiveUpdateError.NoData or LiveUpdateError.NotFound)
            {
                // Nothing was handed over under this name.
            }
        }
    }

    /// <summary>Runs the lines of one stage, and prints what happened below each.</summary>
    public static void RunStage(
        ScenarioMachine machine, int stage, IReadOnlyList<string> lines, Queue<string> events, TextWriter output, Action? collect = null)
    {
        output.Write($"TRACE BEGIN {stage}\n");
        foreach (string line in lines)
        {
            output.Write(line);
            output.Write(machine.Execute(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            output.Write('\n');
            collect?.Invoke();
            while (events.TryDequeue(out string? entry))
                output.Write($"    ! {entry}\n");
        }

        output.Write($"TRACE END {stage}\n");
        output.Flush();
    }
}
