using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The new side of a hand-over to a successor: says what it can retrieve, receives while the predecessor still runs, boots and verifies
/// at the
/// go, and takes over at the commit.
/// </summary>
/// <remarks>
/// It acts only on the commit, or, once it has verified, when the predecessor has ended: from then on that one cannot call it off any
/// more. When
/// the predecessor goes before the go, this process says so and exits; a failure of its own is reported to the predecessor and thrown.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class SuccessorArrival : IDisposable
{
    private const int GoLength = 16;

    private static bool s_failed;

    private readonly SuccessorChannel _channel;
    private readonly PredecessorOptions? _address;
    private readonly Action<SuccessorPhase>? _reached;
    private readonly ArrivedDescriptors _descriptors = new();
    private KhoMemory? _memory;
    private KhoBooks? _books;
    private NoCollectionRegion? _noCollections;
    private LaterWork? _later;

    private SuccessorArrival(SuccessorChannel channel, PredecessorOptions? address, Action<SuccessorPhase>? reached) =>
        (_channel, _address, _reached) = (channel, address, reached);

    /// <summary>The phases on this side, from the go on.</summary>
    public UpdateTimeline Timeline { get; } = new();

    /// <summary>What the garbage collector did in them.</summary>
    public LiveUpdateCollections Collections { get; private set; }

    /// <summary>Whether this process is to boot as a successor.</summary>
    public static bool IsExpected(PredecessorOptions? address) => address is not null || SuccessorNotice.IsPresent;

    /// <summary>Finds the predecessor.</summary>
    /// <param name="address">Where it listens; null for one that started this process.</param>
    /// <param name="reached">Test seam: called as each phase is reached.</param>
    /// <returns>Null if this process was not started as a successor.</returns>
    /// <exception cref="LiveUpdateException">There is nobody at the path of the predecessor; or the notice cannot be read.</exception>
    /// <exception cref="InvalidOperationException">This process was a successor that could not take over: it has to end.</exception>
    public static SuccessorArrival? Find(PredecessorOptions? address, Action<SuccessorPhase>? reached)
    {
        if (s_failed)
            throw new InvalidOperationException("This process was started as a successor and could not take over; it has to end.");
        if (SuccessorNotice.TryTake(out SafeFileHandle? stream, out int predecessor))
            return new SuccessorArrival(Open(stream, predecessor), null, reached);
        return address is null ? null : new SuccessorArrival(Connect(address), address, reached);
    }

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
        s_failed = true;
        _channel.Cancellation = cancellation;
        try
        {
            Reach(SuccessorPhase.Connected);
            CheckHandlers(options);
            SuccessorRehearsal.Run();
            Say(() => _channel.Send(SuccessorMessage.Hello, Deadline.Never, SuccessorHello.Create(options.Handlers, _address?.Secret).Write()));
            Reach(SuccessorPhase.Greeted);
            ulong number = ReceiveUntilGo(options);
            Timeline.Begin(UpdateStep.Attach);
            CollectionWatch watch = CollectionWatch.Start();
            LiveUpdateEngine engine = Boot(options, number);
            TakeOver(engine);
            Collections = watch.Stop(_noCollections is not null);
            s_failed = false;
            return engine;
        }
        catch (Exception exception)
        {
            Report(exception);
            _memory?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Disposes this, and reports, a moment later: the pause lasts until the caller's first answer, and what only watches or tidies up can wait.
    /// </summary>
    public void DisposeLater(Action report) => _later!.Do(() =>
    {
        Dispose();
        report();
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _later?.End();
        _noCollections?.Dispose();
        _descriptors.Dispose();
        _channel.Dispose();
    }

    private static SuccessorChannel Open(SafeFileHandle stream, int predecessor)
    {
        ProcessHandle? process = predecessor == 0 ? null : ProcessHandle.TryOpenPeer(stream, predecessor);
        if (process is null)
            ExitWithoutPredecessor();
        return new SuccessorChannel(stream, process, "predecessor");
    }

    private static SuccessorChannel Connect(PredecessorOptions address)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(address.Path));
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new LiveUpdateException((LiveUpdateError)exception.NativeErrorCode, $"There is no predecessor at {address.Path}.", exception);
        }

        (int process, _) = ProcessHandle.IdentifyPeer(socket.SafeHandle);
        ProcessHandle? peer = ProcessHandle.TryOpenPeer(socket.SafeHandle, process);
        if (peer is null)
            ExitWithoutPredecessor();
        return new SuccessorChannel(socket.SafeHandle, peer, "predecessor");
    }

    // A handler that is refused is found out before the predecessor hears of this process.
    private static void CheckHandlers(EngineOptions options)
    {
        using KhoMemory scratch = KhoMemory.Allocate(1 << 20);
        LiveUpdateEngine.Attach(scratch, options).Dispose();
    }

    [DoesNotReturn]
    private static void ExitWithoutPredecessor()
    {
        Console.Error.WriteLine(
            $"liveupdate: the predecessor ended before it handed over; this successor exits with code {SuccessorTarget.PredecessorGoneExitCode}.");
        Environment.Exit(SuccessorTarget.PredecessorGoneExitCode);
    }

    private ulong ReceiveUntilGo(EngineOptions options)
    {
        while (true)
        {
            SuccessorMessage kind = Hear();
            switch (kind)
            {
                case SuccessorMessage.Memory when _memory is null && _channel.Received.Count == 1:
                    _memory = KhoMemory.OpenShared(_channel.Received.Take());
                    _books = new KhoBooks(_memory);
                    _books.Touch();
                    Reach(SuccessorPhase.Memory);
                    break;
                case SuccessorMessage.Descriptors:
                    Store();
                    Reach(SuccessorPhase.Descriptors);
                    break;
                case SuccessorMessage.Close:
                    int slot = _channel.ReadNumber();
                    if (!_descriptors.TryClose(slot))
                        throw _channel.Unexpected($"a request to close slot {slot}, which holds nothing");
                    Say(() => _channel.Send(SuccessorMessage.Closed, Deadline.Never, slot));
                    break;
                case SuccessorMessage.Synchronize when _memory is not null && _channel.Payload.Length == sizeof(long):
                    WarmUp(options, BinaryPrimitives.ReadInt64LittleEndian(_channel.Payload));
                    Say(() => _channel.Send(SuccessorMessage.Synchronized, Deadline.Never, _descriptors.Count));
                    _channel.IsAwake = true;
                    Reach(SuccessorPhase.Synchronized);
                    break;
                case SuccessorMessage.Refused:
                    SuccessorFailure failure = SuccessorFailure.Read(_channel.PayloadMemory);
                    throw new LiveUpdateException(failure.Error, $"The predecessor does not take this process as its successor: {failure.Message}");
                case SuccessorMessage.Go when _later is not null && _channel.Payload.Length == GoLength:
                    Reach(SuccessorPhase.Go);
                    CheckGo();
                    return BinaryPrimitives.ReadUInt64LittleEndian(_channel.Payload[8..]);
                default:
                    throw _channel.Unexpected($"the message {kind}, which is not in place");
            }
        }
    }

    // Whatever the system or the collector would do at the first use of memory is done here, before anything is frozen.
    private void WarmUp(EngineOptions options, long usedBytes)
    {
        _memory!.Populate(Math.Clamp(usedBytes, 0, _memory.Length));
        if (_later is not null)
            return;
        _later = LaterWork.Start();
        options.Progress?.Report(new LiveUpdateProgress("transfer", _descriptors.Count, _descriptors.Count));
        SuccessorRehearsal.WarmHeap(_descriptors.Count);
        _noCollections = NoCollectionRegion.TryBegin(options.NoCollectionBytes);
    }

    private void Store()
    {
        ReadOnlySpan<byte> slots = _channel.Payload;
        if (slots.Length != _channel.Received.Count * sizeof(int))
            throw _channel.Unexpected("descriptors without slots");
        for (; !slots.IsEmpty; slots = slots[sizeof(int)..])
        {
            int slot = BinaryPrimitives.ReadInt32LittleEndian(slots);
            SafeFileHandle descriptor = _channel.Received.Take();
            if (_descriptors.TryAdd(slot, descriptor))
                continue;
            descriptor.Dispose();
            throw _channel.Unexpected($"a descriptor for slot {slot}, which is not free");
        }
    }

    private void CheckGo()
    {
        int slots = BinaryPrimitives.ReadInt32LittleEndian(_channel.Payload);
        int descriptors = BinaryPrimitives.ReadInt32LittleEndian(_channel.Payload[4..]);
        if (slots < 0 || descriptors != _descriptors.Count)
            throw _channel.Unexpected($"a go for {descriptors} descriptors in {slots} slots where {_descriptors.Count} arrived");
    }

    private LiveUpdateEngine Boot(EngineOptions options, ulong number)
    {
        LiveUpdateEngine engine = LiveUpdateEngine.Attach(_memory!, options, ownsMemory: true, _books);
        try
        {
            if (engine.Image is not { Core.Target: LuoCoreTarget.Successor } image || image.Number != number)
            {
                throw new LiveUpdateImageException(
                    LiveUpdateError.InvalidArgument, "boot record", _memory!.Base, 0, $"hand-over {number} to a successor", "none, or another one");
            }

            _descriptors.Check(image);
            int count = _descriptors.Count;
            engine.Descriptors.SetIncoming(_descriptors.TakeAll(), count);
            Timeline.Begin(UpdateStep.Verify);
            engine.Deserialize();
            engine.Verify();
            return engine;
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    private void TakeOver(LiveUpdateEngine engine)
    {
        try
        {
            Reach(SuccessorPhase.Verified);
            _channel.Cancellation = null;
            Timeline.Begin(UpdateStep.Commit);
            AwaitCommit();
            Timeline.Begin(UpdateStep.Activate);
            Reach(SuccessorPhase.Committed);
            engine.Activate();
            Timeline.Begin(UpdateStep.Done);
        }
        catch
        {
            engine.Dispose();
            throw;
        }

        Reach(SuccessorPhase.Completed);
        TrySend(SuccessorMessage.Committed, default);
    }

    // The end of the stream means nothing here: only the commit or the end of the process does.
    private void AwaitCommit()
    {
        try
        {
            _channel.Send(SuccessorMessage.Verified, Deadline.Never);
            Reach(SuccessorPhase.Waiting);
            if (_channel.Receive(Deadline.Never) is var kind && kind != SuccessorMessage.Commit)
                throw _channel.Unexpected($"the message {kind} where only a commit could follow");
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.BrokenPipe)
        {
            _channel.Peer.WaitForEnd();
        }
    }

    private SuccessorMessage Hear()
    {
        SuccessorMessage kind = default;
        Say(() => kind = _channel.Receive(Deadline.Never));
        return kind;
    }

    // Before the go there is nothing that this process could be the owner of.
    private static void Say(Action exchange)
    {
        try
        {
            exchange();
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.BrokenPipe)
        {
            ExitWithoutPredecessor();
        }
    }

    private void Report(Exception exception) => TrySend(SuccessorMessage.Failed, SuccessorFailure.Of(exception).Write());

    private void TrySend(SuccessorMessage kind, ReadOnlySpan<byte> payload)
    {
        try
        {
            _channel.Send(kind, Deadline.Never, payload);
        }
        catch (LiveUpdateException)
        {
            // It has ended, and does not need to know.
        }
        catch (OperationCanceledException)
        {
            // It learns of it from the end of this process.
        }
    }

    private void Reach(SuccessorPhase phase) => _reached?.Invoke(phase);
}
