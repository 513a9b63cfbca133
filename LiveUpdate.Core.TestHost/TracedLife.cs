using System.Diagnostics;

namespace LiveUpdate.TestHost;

/// <summary>A program whose update is part of a trace that both generations listen to: <c>traced successor|exec</c>.</summary>
internal static class TracedLife
{
    public static void Run(string[] args)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is LiveUpdateDiagnostics.ActivitySourceName or nameof(TracedLife),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = static activity =>
            {
                if (activity.OperationName.StartsWith("liveupdate.", StringComparison.Ordinal) && activity.OperationName != "liveupdate.phase")
                    Scenario.Say($"{activity.OperationName} of {activity.TraceId} below {activity.ParentSpanId} is {activity.SpanId}");
            },
        };
        ActivitySource.AddActivityListener(listener);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20 });
        if (luo.PreviousUpdate is not null)
            return;
        using var source = new ActivitySource(nameof(TracedLife));
        using Activity root = source.StartActivity("root")!;
        Scenario.Say($"root of {root.TraceId} below {root.ParentSpanId} is {root.SpanId}");
        if (args[1] == "exec")
            luo.HandOver(HandoverTarget.Exec());
        else
            luo.HandOver(HandoverTarget.Successor());
    }
}
