using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.InteropServices;
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

    // What a table of descriptor slots holds at most (reference 4.13: 10 000 blocks).
    private const int MaxSlots = LuoAbi.MaxBlocks * (LuoAbi.PageSize / DescriptorSlotSer.Size);

    private static bool s_failed;

    private readonly SuccessorChannel _channel;
    private readonly PredecessorOptions? _address;
    private readonly Action<SuccessorPhase>? _reached;
    private readonly List<SafeFileHandle?> _descriptors = [];
    private readonly List<(ulong Device, ulong Inode)> _identities = [];
    private KhoMemory? _memory;
    private NoCollectionRegion? _noCollections;

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

    /// <inheritdoc/>
    public void Dispose()
    {
        _noCollections?.Dispose();
        foreach (SafeFileHandle? descriptor in _descriptors)
            descriptor?.Dispose();
        _descriptors.Clear();
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
                    Reach(SuccessorPhase.Memory);
                    break;
                case SuccessorMessage.Descriptors:
                    Store();
                    Reach(SuccessorPhase.Descriptors);
                    break;
                case SuccessorMessage.Close:
                    int slot = _channel.ReadNumber();
                    Close(slot);
                    Say(() => _channel.Send(SuccessorMessage.Closed, Deadline.Never, slot));
                    break;
                case SuccessorMessage.Synchronize:
                    _noCollections ??= NoCollectionRegion.TryBegin(options.NoCollectionBytes);
                    options.Progress?.Report(new LiveUpdateProgress("transfer", DescriptorCount, DescriptorCount));
                    Say(() => _channel.Send(SuccessorMessage.Synchronized, Deadline.Never, DescriptorCount));
                    Reach(SuccessorPhase.Synchronized);
                    break;
                case SuccessorMessage.Refused:
                    SuccessorFailure failure = SuccessorFailure.Read(_channel.PayloadMemory);
                    throw new LiveUpdateException(failure.Error, $"The predecessor does not take this process as its successor: {failure.Message}");
                case SuccessorMessage.Go when _memory is not null && _channel.Payload.Length == GoLength:
                    Reach(SuccessorPhase.Go);
                    CheckGo();
                    return BinaryPrimitives.ReadUInt64LittleEndian(_channel.Payload[8..]);
                default:
                    throw _channel.Unexpected($"the message {kind}, which is not in place");
            }
        }
    }

    private int DescriptorCount => _descriptors.Count(static descriptor => descriptor is not null);

    private void Store()
    {
        ReadOnlySpan<byte> slots = _channel.Payload;
        if (slots.Length != _channel.Received.Count * sizeof(int))
            throw _channel.Unexpected("descriptors without slots");
        for (; !slots.IsEmpty; slots = slots[sizeof(int)..])
        {
            int slot = BinaryPrimitives.ReadInt32LittleEndian(slots);
            if (slot is < 0 or >= MaxSlots || (slot < _descriptors.Count && _descriptors[slot] is not null))
                throw _channel.Unexpected($"a descriptor for slot {slot}, which is not free");
            CollectionsMarshal.SetCount(_identities, Math.Max(_identities.Count, slot + 1));
            while (_descriptors.Count <= slot)
                _descriptors.Add(null);
            _descriptors[slot] = _channel.Received.Take();
            _identities[slot] = DescriptorInfo.Identify(_descriptors[slot]!);
        }
    }

    private void Close(int slot)
    {
        if ((uint)slot >= (uint)_descriptors.Count || _descriptors[slot] is not { } descriptor)
            throw _channel.Unexpected($"a request to close slot {slot}, which holds nothing");
        _descriptors[slot] = null;
        descriptor.Dispose();
    }

    private void CheckGo()
    {
        int slots = BinaryPrimitives.ReadInt32LittleEndian(_channel.Payload);
        int descriptors = BinaryPrimitives.ReadInt32LittleEndian(_channel.Payload[4..]);
        if (slots < _descriptors.Count && _descriptors.FindLastIndex(static descriptor => descriptor is not null) >= slots)
            throw _channel.Unexpected($"a go for {slots} slots where {_descriptors.Count} were filled");
        if (descriptors != DescriptorCount)
            throw _channel.Unexpected($"a go for {descriptors} descriptors where {DescriptorCount} arrived");
    }

    private LiveUpdateEngine Boot(EngineOptions options, ulong number)
    {
        LiveUpdateEngine engine = LiveUpdateEngine.Attach(_memory!, options, ownsMemory: true);
        try
        {
            if (engine.Image is not { Core.Target: LuoCoreTarget.Successor } image || image.Number != number)
            {
                throw new LiveUpdateImageException(
                    LiveUpdateError.InvalidArgument, "boot record", _memory!.Base, 0, $"hand-over {number} to a successor", "none, or another one");
            }

            Check(image.ReadSlots());
            engine.Descriptors.SetIncoming([.. _descriptors]);
            _descriptors.Clear();
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

    private void Check(DescriptorSlotSer?[] slots)
    {
        for (int slot = 0; slot < Math.Max(slots.Length, _descriptors.Count); slot++)
        {
            bool arrived = slot < _descriptors.Count && _descriptors[slot] is not null;
            DescriptorSlotSer? record = slot < slots.Length ? slots[slot] : null;
            if (arrived != record.HasValue)
                throw BadSlot(slot, 4, record.HasValue ? "a descriptor that arrived" : "a free slot", arrived ? "one that arrived" : "none");
            if (record is { } written && _identities[slot] != (written.Device, written.Inode))
                throw BadSlot(slot, 8, $"inode {written.Inode} of device 0x{written.Device:x}", $"inode {_identities[slot].Inode} of device 0x{_identities[slot].Device:x}");
        }
    }

    private static LiveUpdateImageException BadSlot(int slot, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, $"descriptor slot {slot}", PhysicalAddress.None, offset, expected, found);

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
