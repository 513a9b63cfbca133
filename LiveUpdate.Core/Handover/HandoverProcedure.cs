using System.Diagnostics;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// The order of a hand-over, the same for every target: prepare, close the gate, freeze, serialize, transfer; and the way back.
/// </summary>
/// <remarks>
/// The point of no return is inside <see cref="HandoverTarget.Transfer"/>; cancellation counts until that is called. Nothing that a failure
/// must undo is done outside the one <c>try</c> below.
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
        var times = new HandoverTimes { Started = Stopwatch.GetTimestamp(), Target = target.Kind };
        CheckUnfinished(engine, discardUnfinished);
        times.Bytes = engine.Memory.GetAccount().Owners.Sum(static owner => owner.Pages) * LuoAbi.PageSize;
        target.Prepare(engine, cancellationToken);
        try
        {
            CloseGate(engine, target, cancellationToken);
            FreezeAndTransfer(engine, target, discardUnfinished, ref times, cancellationToken);
        }
        finally
        {
            target.Release(engine);
        }

        return CreateReport(engine, times);
    }

    /// <summary>The report of the update that a generation came from.</summary>
    public static LiveUpdateReport CreateIncomingReport(ulong number, in LuoCoreSer core, long descriptors, long bootStarted, long bootEnded)
    {
        var times = new HandoverTimes
        {
            Started = core.Started,
            Frozen = core.Frozen,
            Serialized = core.Serialized,
            HandedOver = core.HandedOver,
        };
        return new LiveUpdateReport
        {
            Number = number,
            Target = NameOf(core.Target),
            Sessions = (long)core.Sessions,
            Files = (long)core.Files,
            Descriptors = descriptors,
            Bytes = (long)core.Bytes,
            Phases = [.. OutgoingPhases(times, bootStarted), Phase("boot", times.Started, bootStarted, bootEnded)],
        };
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
        LiveUpdateEngine engine,
        HandoverTarget target,
        bool discardUnfinished,
        ref HandoverTimes times,
        CancellationToken cancellationToken)
    {
        bool frozen = false;
        try
        {
            CheckUnfinished(engine, discardUnfinished);
            target.BeforeFreeze(engine);
            var progress = new FreezeProgress { CheckDescriptors = target.ChecksDescriptors };
            using (engine.WatchFreeze(progress))
                engine.FreezeAndSerialize(progress, ref times);
            frozen = true;
            cancellationToken.ThrowIfCancellationRequested();
            target.Transfer(engine, times);
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

    private static LiveUpdateReport CreateReport(LiveUpdateEngine engine, in HandoverTimes times) => new()
    {
        Number = engine.Number + 1,
        Target = NameOf(times.Target),
        Sessions = times.Sessions,
        Files = times.Files,
        Descriptors = times.Descriptors,
        Bytes = times.Bytes,
        Phases = OutgoingPhases(times, Stopwatch.GetTimestamp()),
    };

    private static LiveUpdatePhase[] OutgoingPhases(in HandoverTimes times, long end) =>
    [
        Phase("prepare", times.Started, times.Started, times.Frozen),
        Phase("freeze", times.Started, times.Frozen, times.Serialized),
        Phase("serialize", times.Started, times.Serialized, times.HandedOver),
        Phase("hand-over", times.Started, times.HandedOver, end),
    ];

    private static LiveUpdatePhase Phase(string name, long zero, long start, long end) =>
        new(name, Stopwatch.GetElapsedTime(zero, start), Stopwatch.GetElapsedTime(start, end));

    private static string NameOf(LuoCoreTarget target) => target switch
    {
        LuoCoreTarget.InProcess => "in-process",
        LuoCoreTarget.Exec => "exec",
        LuoCoreTarget.Successor => "successor",
        _ => "unknown",
    };

    private static void CheckUnfinished(LiveUpdateEngine engine, bool discard)
    {
        if (discard || engine.FindUnfinished() is not { Count: > 0 } names)
            return;
        throw new InvalidOperationException(
            $"These incoming sessions are not finished, and a hand-over would drop them (reference S-24): {string.Join(", ", names)}. " +
            "Finish them, or set DiscardUnfinished in the options.");
    }
}
