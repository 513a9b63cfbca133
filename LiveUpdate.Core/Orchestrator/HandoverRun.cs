using System.Diagnostics;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// What one hand-over notes while it runs: its phases and figures. Made before anything is frozen; noting allocates nothing.
/// </summary>
internal sealed class HandoverRun(LuoCoreTarget target, IProgress<LiveUpdateProgress>? progress = null)
{
    public LuoCoreTarget Target => target;

    public UpdateTimeline Timeline { get; } = new();

    /// <summary>The activity that the next generation's is a child of; default for none.</summary>
    public ActivityContext Trace { get; set; }

    public long Sessions { get; set; }

    public long Files { get; set; }

    public long Descriptors { get; set; }

    public long Bytes { get; set; }

    /// <summary>Begins a phase, and reports it as long as nothing is frozen.</summary>
    public void Begin(UpdateStep step)
    {
        Timeline.Begin(step);
        if (step < UpdateStep.Freeze)
            Report(UpdateTimeline.NameOf(step));
    }

    /// <summary>Ends the last phase, unless the target knows better when that was.</summary>
    public void End()
    {
        if (Timeline.TimestampOf(UpdateStep.Done) == 0)
            Timeline.Begin(UpdateStep.Done);
    }

    /// <summary>Reports progress; not for use within the pause.</summary>
    public void Report(string phase, long done = 0, long total = 0) => progress?.Report(new LiveUpdateProgress(phase, done, total));
}
