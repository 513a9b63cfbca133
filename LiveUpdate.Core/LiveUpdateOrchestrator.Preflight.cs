namespace LiveUpdate;

/// <content>What stands in the way of a hand-over, asked beforehand.</content>
public sealed partial class LiveUpdateOrchestrator
{
    /// <summary>Looks for what would stand in the way of a hand-over now. Nothing is frozen, started or stored.</summary>
    /// <param name="target">The way into the next generation.</param>
    /// <returns>
    /// What was found, in no order; empty if nothing was. <see cref="HandOver(HandoverTarget, CancellationToken)"/> looks again: it is
    /// refused where a finding is <see cref="PreflightSeverity.Blocking"/>, with the finding's id and text, and logs the others.
    /// </returns>
    /// <remarks>
    /// Safe for threads, and may be called at any time, as by a health check. It says nothing about what only a hand-over can find out, as
    /// whether a successor starts. The target of a service manager asks that, which may take as long as its time-outs say.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="target"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: handed over.</exception>
    /// <exception cref="ObjectDisposedException">The orchestrator is disposed.</exception>
    public IReadOnlyList<PreflightFinding> Preflight(HandoverTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        CallbackScope.ThrowIfActive("preflight");
        // The gate is not held: whoever answers slowly must not keep a hand-over from closing it.
        if (_engine.Gate.IsOver || _engine.Gate.IsDisposed)
            throw _engine.Gate.Ended("preflight");
        return HandoverPreflight.Run(_engine, target, _discardUnfinished);
    }
}
