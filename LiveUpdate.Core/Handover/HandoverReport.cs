using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>Makes the report of an update, on either side.</summary>
internal static class HandoverReport
{
    /// <summary>The report for the one who handed over.</summary>
    public static LiveUpdateReport OfOutgoing(ulong number, HandoverRun run, in LiveUpdateCollections collections) => new()
    {
        Number = number,
        Target = NameOf(run.Target),
        Sessions = run.Sessions,
        Files = run.Files,
        Descriptors = run.Descriptors,
        Bytes = run.Bytes,
        Phases = run.Timeline.ToPhases(),
        FrozenAt = run.Timeline.TimestampOf(UpdateStep.Freeze),
        Collections = collections,
    };

    /// <summary>The report for the generation that came of an update.</summary>
    /// <param name="engine">It, active.</param>
    /// <param name="boot">Its own phases, from the one in which it began to read.</param>
    /// <param name="collections">What its garbage collector did in them.</param>
    public static LiveUpdateReport OfIncoming(LiveUpdateEngine engine, UpdateTimeline boot, in LiveUpdateCollections collections)
    {
        // Another implementation, or another kernel, left no record of ours.
        LuoCoreSer core = engine.IncomingCore.GetValueOrDefault();
        UpdateTimeline timeline = boot;
        long frozen = core.Frozen;
        if (core.Started != 0)
        {
            // Behind a kernel the clock that the record's times are of is gone.
            long offset = engine.Image?.Carrier is { } carrier ? KernelClock.Offset(core, carrier, boot.Started) : 0;
            frozen += offset;
            timeline = new UpdateTimeline();
            timeline.Begin(UpdateStep.Prepare, core.Started + offset);
            timeline.Begin(UpdateStep.Freeze, core.Frozen + offset);
            timeline.Begin(UpdateStep.Serialize, core.Serialized + offset);
            timeline.Begin(UpdateStep.HandOver, core.HandedOver + offset);
            timeline.Append(boot);
        }

        return new LiveUpdateReport
        {
            Number = engine.Number,
            Target = NameOf(core.Target),
            Sessions = (long)core.Sessions,
            Files = (long)core.Files,
            Descriptors = engine.Descriptors.IncomingCount,
            Bytes = (long)core.Bytes,
            Phases = timeline.ToPhases(),
            FrozenAt = frozen,
            Collections = collections,
        };
    }

    /// <summary>The public name of a target.</summary>
    public static string NameOf(LuoCoreTarget target) => target switch
    {
        LuoCoreTarget.InProcess => "in-process",
        LuoCoreTarget.Exec => "exec",
        LuoCoreTarget.Successor => "successor",
        LuoCoreTarget.ServiceManager => "service-manager",
        LuoCoreTarget.Kernel => "kernel",
        _ => "unknown",
    };
}
