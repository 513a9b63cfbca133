namespace LiveUpdate;

/// <summary>The names under which updates are observed, for OpenTelemetry and the like.</summary>
/// <remarks>
/// <para>Activities: <c>liveupdate.handover</c> in the process that hands over, with a child <c>liveupdate.phase</c> for each phase, and
/// <c>liveupdate.boot</c> in the next generation, a child of the former. Both have the tags <c>liveupdate.target</c> and
/// <c>liveupdate.number</c>; a hand-over that was called off has the status Error.</para>
/// <para>Instruments, all with the tag <c>liveupdate.target</c>: the histograms <c>liveupdate.handover.duration</c> (s; <c>error.type</c>
/// where it was called off), <c>liveupdate.pause.duration</c> (s; in the next generation) and <c>liveupdate.phase.duration</c> (s;
/// <c>liveupdate.phase</c>), and the counters <c>liveupdate.handover.files</c>, <c>liveupdate.handover.descriptors</c> and
/// <c>liveupdate.handover.size</c> (By).</para>
/// <para>Everything is emitted after the pause, from the time stamps that were taken in it. A process that is replaced by exec or by kexec emits
/// nothing of its last hand-over: the next generation's <c>liveupdate.boot</c> has all of it.</para>
/// </remarks>
public static class LiveUpdateDiagnostics
{
    /// <summary>The name of the activity source.</summary>
    public const string ActivitySourceName = "LiveUpdate.Core";

    /// <summary>The name of the meter.</summary>
    public const string MeterName = "LiveUpdate.Core";
}
