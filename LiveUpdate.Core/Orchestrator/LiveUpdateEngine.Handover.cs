using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <content>Freeze, serialization, and the way back (reference 4.7).</content>
internal sealed partial class LiveUpdateEngine
{
    private int _handovers;

    /// <summary>Begins the one hand-over that may be under way; dispose what this returns to end it.</summary>
    /// <exception cref="LiveUpdateException">EBUSY: one is under way. ESHUTDOWN: one has happened.</exception>
    /// <exception cref="ObjectDisposedException">The generation has been disposed.</exception>
    public IDisposable BeginHandover()
    {
        var update = new HandoverUnderWay(this);
        bool underWay = Interlocked.Exchange(ref _handovers, 1) != 0;
        // Looked at once no other can begin: one that was under way a moment ago may have ended the generation since.
        if (Gate.IsOver || Gate.IsDisposed)
        {
            if (!underWay)
                update.Dispose();
            throw Gate.Ended("hand over");
        }

        if (underWay)
            throw Refusal.Create(LiveUpdateError.Busy, "hand over", "Another hand-over of this generation is under way.");
        return update;
    }

    /// <summary>
    /// Names the sessions that a hand-over would drop (reference S-24), also where nobody has opened the device yet, or its opening failed.
    /// </summary>
    public IReadOnlyList<string> FindUnfinished()
    {
        lock (_openLock)
            return !_deserialized ? IncomingSessionList.ReadNames(_image?.Sessions) : _unreadable ?? Incoming.UnfinishedNames;
    }

    /// <summary>Closes the freeze gate: waits for the operations under way and shuts out new ones (reference C-03).</summary>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: handed over. ETIMEDOUT: an operation did not end in time; the gate is open.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the gate is open.</exception>
    public void CloseGate(CancellationToken cancellationToken)
    {
        CallbackScope.ThrowIfActive("hand over");
        if (!Gate.TryClose(_options.GateTimeout, cancellationToken))
        {
            throw Refusal.Create(
                LiveUpdateError.TimedOut, "hand over", $"Operations on sessions did not end within {_options.GateTimeout}; nothing was frozen.");
        }
    }

    /// <summary>
    /// Freezes every file of every session and writes the image. From the first freeze on: one thread, no managed allocation, no system call.
    /// </summary>
    /// <param name="progress">Made before the gate was closed.</param>
    /// <param name="run">Gets time stamps and figures.</param>
    /// <exception cref="LiveUpdateException">A callback refused, or the time was over; everything is unfrozen, the gate still closed.</exception>
    public void FreezeAndSerialize(FreezeProgress progress, HandoverRun run)
    {
        if (!_options.IsEnabled)
        {
            run.Begin(UpdateStep.Freeze);
            return;
        }

        // No registration while the list of FLBs is written (C-13), and no waiting for one once a file is frozen.
        Handlers.Lock.EnterShared();
        try
        {
            run.Begin(UpdateStep.Freeze);
            FreezeAndSerializeUnsynchronized(progress, run);
        }
        finally
        {
            Handlers.Lock.ExitShared();
        }
    }

    /// <summary>
    /// Undoes <see cref="FreezeAndSerialize"/> after it succeeded: sessions newest first, the files of each oldest first (reference F-36).
    /// </summary>
    public void Thaw()
    {
        if (!_options.IsEnabled)
            return;
        Memory.ClearHandover();
        ClearAndUnfreeze();
    }

    /// <summary>The commit: this generation is over, and what waits at its gate throws. Memory and descriptors belong to the next one.</summary>
    public void End()
    {
        Gate.End();
        Outgoing.Abandon();
        LiveGenerations.Remove(this);
    }

    /// <summary>Tells whoever watches of this generation, and of the update that brought it; null after a cold start.</summary>
    public void ReportBoot(LiveUpdateReport? report)
    {
        EngineLog.Booted(_options.Logger, Number, report?.Target, report?.Files ?? 0);
        if (report is not null)
            UpdateTelemetry.Booted(report, CoreRecord.GetTrace(IncomingCore.GetValueOrDefault()));
    }

    /// <summary>Watches a freeze: at the time given names the file that hangs, and lets the freeze end before the next one.</summary>
    public Timer? WatchFreeze(FreezeProgress progress)
    {
        if (_options.FreezeTimeout == Timeout.InfiniteTimeSpan)
            return null;
        return new Timer(_ => ReportHang(progress), null, _options.FreezeTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Before <see cref="Activate"/>: whether the hand-over that this was attached to still stands. Its writer clears the boot record
    /// before anything is unfrozen, and the record of a later one has other times.
    /// </summary>
    public bool IsStillHandedOver
    {
        get
        {
            try
            {
                return IncomingCore is { } core && Memory.TryGetSubtree(LuoCoreSer.SubtreeName, out KhoSubtree subtree) &&
                    BootRecord.TryRead(Memory.Memory, out _) &&
                    CoreRecord.IsSame(core, CoreRecord.Read(Memory.GetSpan(subtree.Address, LuoCoreSer.Size), subtree.Address));
            }
            catch (LiveUpdateImageException)
            {
                return false;
            }
        }
    }

    /// <summary>Keeps and logs an error that came where a state change could not stop.</summary>
    public void KeepError(LiveUpdateException error) => _errors.Add(error);

    private void FreezeAndSerializeUnsynchronized(FreezeProgress progress, HandoverRun run)
    {
        Outgoing.Freeze(progress);
        try
        {
            progress.ThrowIfExpired();
            run.Begin(UpdateStep.Serialize);
            (PhysicalAddress sessions, run.Files) = Outgoing.Serialize();
            run.Sessions = Outgoing.Count;
            LuoRootSerializer.WriteSessions(Memory.GetSpan(_root, LuoAbi.PageSize), sessions);
            SerializeFlbs();
            SerializeCore(run);
            Memory.WriteHandover();
        }
        catch
        {
            ClearAndUnfreeze();
            throw;
        }
    }

    private void ClearAndUnfreeze()
    {
        LuoRootSerializer.WriteSessions(Memory.GetSpan(_root, LuoAbi.PageSize), PhysicalAddress.None);
        FlbPage.WriteHeader(Memory.GetSpan(_flbPage, LuoAbi.PageSize), 0);
        Outgoing.Unfreeze();
    }

    private void ReportHang(FreezeProgress progress)
    {
        progress.Expire();
        (string? session, int number) = progress.Position;
        if (session is not null && Outgoing.Find(session)?.FindFile(number) is { } file)
            EngineLog.FreezeHangs(_options.Logger, session, number, file.Handler, file.Token.ToString());
    }

    private void SerializeFlbs()
    {
        Span<byte> page = Memory.GetSpan(_flbPage, LuoAbi.PageSize);
        int count = 0;
        IReadOnlyList<FlbRegistration> linked = Flbs.Linked;
        for (int i = 0; i < linked.Count; i++)
        {
            OutgoingFlb flb = linked[i].Outgoing;
            if (flb.Files > 0)
                FlbPage.WriteEntry(page, count++, linked[i].Name, new DataHandle(flb.Data), (ulong)flb.Files);
        }

        FlbPage.WriteHeader(page, count);
    }

    private void SerializeCore(HandoverRun run)
    {
        (PhysicalAddress slots, int count) = Descriptors.Seal();
        (PhysicalAddress names, int nameSlots) = _names.Seal();
        PhysicalAddress carrier = Carried?.Seal() ?? PhysicalAddress.None;
        run.Descriptors = Descriptors.Count;
        run.Begin(UpdateStep.HandOver);
        var record = new LuoCoreSer
        {
            DescriptorsPa = slots.Value,
            DescriptorSlots = (ulong)count,
            NamesPa = names.Value,
            NamesCount = (ulong)nameSlots,
            Started = run.Timeline.Started,
            Frozen = run.Timeline.TimestampOf(UpdateStep.Freeze),
            Serialized = run.Timeline.TimestampOf(UpdateStep.Serialize),
            HandedOver = run.Timeline.Last,
            Sessions = (ulong)run.Sessions,
            Files = (ulong)run.Files,
            Bytes = (ulong)run.Bytes,
            Target = run.Target,
            CarrierPa = carrier.Value,
        };
        CoreRecord.SetTrace(ref record, run.Trace);
        CoreRecord.Write(Memory.GetSpan(_core, LuoCoreSer.Size), record);
    }

    private sealed class HandoverUnderWay(LiveUpdateEngine engine) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref engine._handovers, 0);
    }
}
