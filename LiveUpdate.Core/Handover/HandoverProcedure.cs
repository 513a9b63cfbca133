using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// The order of a hand-over, the same for every target: prepare, quiesce, close the gate, freeze, serialize, transfer; and the way back.
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
        HandoverPreflight.RequireWay(engine, target);
        run.Bytes = engine.Memory.GetAccount().Owners.Sum(static owner => owner.Pages) * LuoAbi.PageSize;
        target.Prepare(engine, run, cancellationToken);
        bool quiesced = false;
        try
        {
            using NoCollectionRegion? region = NoCollectionRegion.TryBegin(engine.Options.NoCollectionBytes);
            if (target.Quiesce is { } quiesce)
            {
                quiesced = true;
                run.Begin(UpdateStep.Quiesce);
                OrCallOff(target, () => quiesce(cancellationToken));
            }

            run.Begin(UpdateStep.Gate);
            OrCallOff(target, () => engine.CloseGate(cancellationToken));
            CollectionWatch watch = CollectionWatch.Start();
            FreezeAndTransfer(engine, target, discardUnfinished, run, cancellationToken);
            return watch.Stop(wasHeldOff: region is not null);
        }
        catch (Exception) when (quiesced && !engine.Gate.IsOver)
        {
            Resume(engine, target);
            throw;
        }
        finally
        {
            target.Release(engine);
        }
    }

    private static void OrCallOff(HandoverTarget target, Action step)
    {
        try
        {
            step();
        }
        catch
        {
            target.CallOff();
            throw;
        }
    }

    // The caller gets the first cause, whatever the program's way back throws.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever a callback throws.")]
    private static void Resume(LiveUpdateEngine engine, HandoverTarget target)
    {
        try
        {
            target.Resume?.Invoke();
        }
        catch (Exception exception)
        {
            engine.KeepError(Refusal.FromCallback(exception, "resume"));
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
