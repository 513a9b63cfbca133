using System.Diagnostics;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// The order of a hand-over, the same for every target: prepare, close the gate, freeze, serialize, transfer; and the way back.
/// </summary>
/// <remarks>
/// The point of no return is inside <see cref="HandoverTarget.Transfer"/>; cancellation counts until that is called. Nothing that a failure
/// must undo is done outside the one <c>try</c> of <see cref="FreezeAndTransfer"/>. Observation comes after the pause.
/// </remarks>
internal static class HandoverProcedure
{
    /// <summary>Hands a generation over.</summary>
    /// <exception cref="LiveUpdateException">The first cause; everything is as before.</exception>
    /// <exception cref="InvalidOperationException">Incoming sessions are unfinished, or called from a callback.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the commit; everything is as before.</exception>
    public static LiveUpdateReport Run(
        LiveUpdateEngine engine, HandoverTarget target, bool discardUnfinished, CancellationToken cancellationToken)
    {
        CallbackScope.ThrowIfActive("hand over");
        cancellationToken.ThrowIfCancellationRequested();
        using IDisposable update = engine.BeginHandover();
        Activity? activity = UpdateTelemetry.StartHandover(HandoverReport.NameOf(target.Kind), engine.Number + 1);
        var run = new HandoverRun(target.Kind, engine.Options.Progress) { Trace = activity?.Context ?? default };
        run.Begin(UpdateStep.Prepare);
        try
        {
            LiveUpdateCollections collections = HandOver(engine, target, discardUnfinished, run, cancellationToken);
            LiveUpdateReport report = HandoverReport.OfOutgoing(engine.Number + 1, run, collections);
            EngineLog.HandedOver(engine.Options.Logger, report.Number, report.Target, report.Files, report.Descriptors, report.Pause);
            UpdateTelemetry.Completed(activity, report);
            run.Report("done", report.Descriptors, report.Descriptors);
            return report;
        }
        catch (Exception exception)
        {
            UpdateTelemetry.Failed(
                activity, HandoverReport.NameOf(target.Kind), Stopwatch.GetElapsedTime(run.Timeline.Started), exception);
            run.Report(engine.Gate.IsOver ? "lost" : "called off");
            throw;
        }
        finally
        {
            UpdateTelemetry.Stop(activity);
        }
    }

    /// <summary>As <see cref="Run"/>, and nobody is told.</summary>
    /// <returns>What the garbage collector did within the pause.</returns>
    public static LiveUpdateCollections HandOver(
        LiveUpdateEngine engine, HandoverTarget target, bool discardUnfinished, HandoverRun run, CancellationToken cancellationToken)
    {
        CheckUnfinished(engine, discardUnfinished);
        run.Bytes = engine.Memory.GetAccount().Owners.Sum(static owner => owner.Pages) * LuoAbi.PageSize;
        target.Prepare(engine, run, cancellationToken);
        try
        {
            using NoCollectionRegion? region = NoCollectionRegion.TryBegin(engine.Options.NoCollectionBytes);
            run.Begin(UpdateStep.Gate);
            CloseGate(engine, target, cancellationToken);
            CollectionWatch watch = CollectionWatch.Start();
            FreezeAndTransfer(engine, target, discardUnfinished, run, cancellationToken);
            return watch.Stop(wasHeldOff: region is not null);
        }
        finally
        {
            target.Release(engine);
        }
    }

    private static void CloseGate(LiveUpdateEngine engine, HandoverTarget target, CancellationToken cancellationToken)
    {
        try
        {
            engine.CloseGate(cancellationToken);
        }
        catch
        {
            target.CallOff();
            throw;
        }
    }

    private static void FreezeAndTransfer(
        LiveUpdateEngine engine, HandoverTarget target, bool discardUnfinished, HandoverRun run, CancellationToken cancellationToken)
    {
        bool frozen = false;
        try
        {
            CheckUnfinished(engine, discardUnfinished);
            cancellationToken.ThrowIfCancellationRequested();
            target.BeforeFreeze(engine);
            var progress = new FreezeProgress { CheckDescriptors = target.ChecksDescriptors };
            using (engine.WatchFreeze(progress))
                engine.FreezeAndSerialize(progress, run);
            frozen = true;
            cancellationToken.ThrowIfCancellationRequested();
            target.Transfer(engine, run);
            run.End();
        }
        catch (Exception exception) when (!engine.Gate.IsOver)
        {
            // After the commit there is no way back, and this is not reached: the new generation is the owner, whatever became of it.
            try
            {
                target.CallOff();
                if (frozen)
                    engine.Thaw();
            }
            finally
            {
                engine.Gate.Open();
            }

            EngineLog.CalledOff(engine.Options.Logger, engine.Number, exception);
            throw;
        }
    }

    private static void CheckUnfinished(LiveUpdateEngine engine, bool discard)
    {
        if (discard || engine.FindUnfinished() is not { Count: > 0 } names)
            return;
        throw new InvalidOperationException(
            $"These incoming sessions are not finished, and a hand-over would drop them (reference S-24): {string.Join(", ", names)}. " +
            "Finish them, or set DiscardUnfinished in the options.");
    }
}
