using System.Buffers.Binary;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The new side of a hand-over to a successor: says what it can retrieve, receives while the predecessor still runs, boots and verifies at the
/// go, and takes over at the commit.
/// </summary>
/// <param name="channel">The stream to the predecessor; owned by this object.</param>
/// <param name="secret">What the predecessor wants to be told; null if it started this process.</param>
/// <remarks>
/// It acts only on the commit, or, once it has verified, when the predecessor has ended: from then on that one cannot call it off any more.
/// When the predecessor goes before the go, this process says so and exits; a failure of its own is reported to the predecessor and thrown.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class SuccessorArrival(SuccessorChannel channel, string? secret) : IDisposable
{
    private const int GoLength = 16;
    private const int MostAttempts = 20;

    private readonly ArrivedDescriptors _descriptors = new();
    private LiveUpdateEngine? _engine;
    private NoCollectionRegion? _noCollections;
    private LaterWork? _later;

    /// <summary>Test seam: called as each phase is reached.</summary>
    public Action<SuccessorPhase>? Reached { get; init; }

    /// <summary>Whether both sides are this process, which only has its code compiled: it goes on whatever happens.</summary>
    public bool IsRehearsal { get; init; }

    /// <summary>The phases on this side, from the go on.</summary>
    public UpdateTimeline Timeline { get; } = new();

    /// <summary>What the garbage collector did in them.</summary>
    public LiveUpdateCollections Collections { get; private set; }

    /// <summary>Goes all the way to the commit.</summary>
    /// <param name="options">The engine's options, made of the user's.</param>
    /// <param name="cancellation">Counts until this process has verified; ends the hand-over on the other side too.</param>
    /// <returns>The engine, active and the owner of its memory, with what was deserialized for its first open.</returns>
    /// <exception cref="LiveUpdateImageException">The image is damaged.</exception>
    /// <exception cref="LiveUpdateException">The predecessor refused; a handler is refused, or refused to verify; descriptors were
    /// lost.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public LiveUpdateEngine Receive(EngineOptions options, CancellationSignal cancellation)
    {
        channel.Cancellation = cancellation;
        try
        {
            Reach(SuccessorPhase.Connected);
            CheckHandlers(options);
            SuccessorRehearsal.Run(options);
            if (secret is null)
                PredecessorSearch.Rehearse(options, cancellation.Token);
            Say(() => channel.Send(SuccessorMessage.Hello, Deadline.Never, SuccessorHello.Create(options.Handlers, secret).Write()));
            Reach(SuccessorPhase.Greeted);
            ulong number = ReceiveUntilGo(options);
            Timeline.Begin(UpdateStep.Attach);
            CollectionWatch watch = CollectionWatch.Start();
            Boot(_engine!, number);
            TakeOver(_engine!);
            Collections = watch.Stop(_noCollections is not null);
            return _engine!;
        }
        catch (Exception exception)
        {
            Report(exception);
            _engine?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Disposes this, and reports, a moment later: the pause lasts until the caller's first answer, and what only watches or tidies up can wait.
    /// </summary>
    /// <returns>What does so.</returns>
    public LaterWork DisposeLater(Action report)
    {
        _later!.Do(() =>
        {
            Dispose();
            report();
        });
        return _later;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _later?.End();
        _noCollections?.Dispose();
        _descriptors.Dispose();
        channel.Dispose();
    }

    // A handler that is refused is found out before the predecessor hears of this process.
    private static void CheckHandlers(EngineOptions options)
    {
        using KhoMemory scratch = KhoMemory.Allocate(1 << 20);
        LiveUpdateEngine.Attach(scratch, options).Dispose();
    }

    private ulong ReceiveUntilGo(EngineOptions options)
    {
        while (true)
        {
            SuccessorMessage kind = Hear();
            switch (kind)
            {
                case SuccessorMessage.Memory when _engine is null && channel.Received.Count == 1:
                    _engine = LiveUpdateEngine.Prepare(Map(channel.Received.Take()), options, ownsMemory: true);
                    _engine.Memory.Touch();
                    Reach(SuccessorPhase.Memory);
                    break;
                case SuccessorMessage.Descriptors:
                    Store();
                    Reach(SuccessorPhase.Descriptors);
                    break;
                case SuccessorMessage.Close:
                    int slot = channel.ReadNumber();
                    if (!_descriptors.TryClose(slot))
                        throw channel.Unexpected($"a request to close slot {slot}, which holds nothing");
                    Say(() => channel.Send(SuccessorMessage.Closed, Deadline.Never, slot));
                    break;
                case SuccessorMessage.Synchronize when _engine is not null && channel.Payload.Length == sizeof(long):
                    WarmUp(options, BinaryPrimitives.ReadInt64LittleEndian(channel.Payload));
                    Say(() => channel.Send(SuccessorMessage.Synchronized, Deadline.Never, _descriptors.Count));
                    channel.IsAwake = true;
                    Reach(SuccessorPhase.Synchronized);
                    break;
                case SuccessorMessage.Refused:
                    SuccessorFailure failure = SuccessorFailure.Read(channel.PayloadMemory);
                    throw new LiveUpdateException(failure.Error, $"The predecessor does not take this process as its successor: {failure.Message}");
                case SuccessorMessage.Go when _later is not null && channel.Payload.Length == GoLength:
                    Reach(SuccessorPhase.Go);
                    CheckGo();
                    return BinaryPrimitives.ReadUInt64LittleEndian(channel.Payload[8..]);
                default:
                    throw channel.Unexpected($"the message {kind}, which is not in place");
            }
        }
    }

    private static KhoMemory Map(SafeFileHandle file)
    {
        KhoMemory memory = KhoMemory.OpenShared(file);
        if (memory.Length >= KexecHandover.MinLength)
            return memory;
        memory.Dispose();
        throw new LiveUpdateException(
            LiveUpdateError.InvalidArgument, $"The memory file has {memory.Length} bytes; a generation needs at least {KexecHandover.MinLength}.");
    }

    // Whatever the system or the collector would do at the first use of memory is done here, before anything is frozen.
    private void WarmUp(EngineOptions options, long usedBytes)
    {
        KhoMemory memory = _engine!.Memory.Memory;
        memory.Populate(Math.Clamp(usedBytes, 0, memory.Length));
        if (_later is not null)
            return;
        _later = LaterWork.Start();
        options.Progress?.Report(new LiveUpdateProgress("transfer", _descriptors.Count, _descriptors.Count));
        if (IsRehearsal)
            return;
        SuccessorRehearsal.WarmHeap(_descriptors.Count);
        _noCollections = NoCollectionRegion.TryBegin(options.NoCollectionBytes);
    }

    private void Store()
    {
        ReadOnlySpan<byte> slots = channel.Payload;
        if (slots.Length != channel.Received.Count * sizeof(int))
            throw channel.Unexpected("descriptors without slots");
        for (; !slots.IsEmpty; slots = slots[sizeof(int)..])
        {
            int slot = BinaryPrimitives.ReadInt32LittleEndian(slots);
            SafeFileHandle descriptor = channel.Received.Take();
            if (_descriptors.TryAdd(slot, descriptor))
                continue;
            descriptor.Dispose();
            throw channel.Unexpected($"a descriptor for slot {slot}, which is not free");
        }
    }

    private void CheckGo()
    {
        int slots = BinaryPrimitives.ReadInt32LittleEndian(channel.Payload);
        int descriptors = BinaryPrimitives.ReadInt32LittleEndian(channel.Payload[4..]);
        if (slots < 0 || descriptors != _descriptors.Count)
            throw channel.Unexpected($"a go for {descriptors} descriptors in {slots} slots where {_descriptors.Count} arrived");
    }

    private void Boot(LiveUpdateEngine engine, ulong number)
    {
        engine.Read();
        if (engine.Image is not { Core.Target: LuoCoreTarget.Successor } image || image.Number != number)
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument,
                "boot record",
                engine.Memory.Memory.Base,
                0,
                $"hand-over {number} to a successor",
                "none, or another one");
        }

        _descriptors.Check(image);
        int count = _descriptors.Count;
        engine.Descriptors.SetIncoming(_descriptors.TakeAll(), count);
        Timeline.Begin(UpdateStep.Verify);
        engine.Deserialize();
        engine.Verify();
        Reach(SuccessorPhase.Verified);
    }

    private void TakeOver(LiveUpdateEngine engine)
    {
        channel.Cancellation?.Token.ThrowIfCancellationRequested();
        channel.Cancellation = null;
        Timeline.Begin(UpdateStep.Commit);
        AwaitCommit(engine);
        Timeline.Begin(UpdateStep.Activate);
        Reach(SuccessorPhase.Committed);
        engine.Activate();
        Timeline.Begin(UpdateStep.Done);
        Reach(SuccessorPhase.Completed);
        Span<byte> end = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(end, Timeline.Last);
        SayCommitted(end);
    }

    // Until the predecessor hears this, or this process ends, it keeps everything and waits: what fails for want of memory is tried again.
    private void SayCommitted(ReadOnlySpan<byte> end)
    {
        for (int attempt = 1; !TrySend(SuccessorMessage.Committed, end) && attempt < MostAttempts; attempt++)
            Thread.Sleep(attempt);
    }

    // The end of the stream alone means nothing here: only the commit does, or the end of the process while its hand-over stands. One that
    // could not kill this process calls the hand-over off in memory before it ends the stream.
    private void AwaitCommit(LiveUpdateEngine engine)
    {
        try
        {
            channel.Send(SuccessorMessage.Verified, Deadline.Never);
            channel.IsPatient = true;
            Reach(SuccessorPhase.Waiting);
            if (channel.Receive(Deadline.Never) is var kind && kind != SuccessorMessage.Commit)
                throw channel.Unexpected($"the message {kind} where only a commit could follow");
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.BrokenPipe)
        {
            if (engine.IsStillHandedOver)
                channel.Peer.WaitForEnd();
            if (engine.IsStillHandedOver)
                return;
            if (IsRehearsal)
                throw;
            PredecessorSearch.ExitWithoutPredecessor();
        }
    }

    private SuccessorMessage Hear()
    {
        SuccessorMessage kind = default;
        Say(() => kind = channel.Receive(Deadline.Never));
        return kind;
    }

    private void Say(Action exchange)
    {
        try
        {
            exchange();
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.BrokenPipe && !IsRehearsal)
        {
            PredecessorSearch.ExitWithoutPredecessor();
        }
    }

    private void Report(Exception exception) => TrySend(SuccessorMessage.Failed, SuccessorFailure.Of(exception).Write());

    /// <returns>False if the predecessor is there and could not be told.</returns>
    private bool TrySend(SuccessorMessage kind, ReadOnlySpan<byte> payload)
    {
        try
        {
            channel.Send(kind, Deadline.Never, payload);
            return true;
        }
        catch (LiveUpdateException exception)
        {
            // If it has ended it does not need to know.
            return exception.Error == LiveUpdateError.BrokenPipe;
        }
        catch (OperationCanceledException)
        {
            // It learns of it from the end of this process.
            return false;
        }
    }

    private void Reach(SuccessorPhase phase) => Reached?.Invoke(phase);
}
