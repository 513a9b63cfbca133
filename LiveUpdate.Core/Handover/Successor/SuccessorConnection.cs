using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The old side of a hand-over to a successor: sends memory and descriptors while this process runs, then go and commit.
/// </summary>
/// <remarks>
/// <para>Descriptors are references: they are sent as soon as the successor is there, those of files preserved later as they come, and
/// one that
/// is unpreserved is closed over there before the unpreserve returns; a socket whose copy stayed open would never show its peer the
/// end.</para>
/// <para>Its lock nests inside that of the descriptor slots. What fails under it is kept for the hand-over's own thread, and the
/// successor is
/// killed at once, so that nothing of this process stays open there.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class SuccessorConnection : IDescriptorMirror, IDisposable
{
    private const int GoLength = 16;

    private static readonly TimeSpan s_standBack = TimeSpan.FromMilliseconds(3);

    private readonly Lock _lock = new();
    private readonly LiveUpdateEngine _engine;
    private readonly SuccessorChannel _channel;
    private readonly SuccessorEnding _ending;
    private readonly SuccessorHello _hello;
    private readonly SuccessorOptions _options;
    private readonly Action<SuccessorPhase>? _reached;
    private readonly SafeHandle[] _batch = new SafeHandle[DescriptorPassing.MaxPerMessage];
    private readonly byte[] _slots = new byte[DescriptorPassing.MaxPerMessage * sizeof(int)];
    private int _descriptors;
    private bool _saidGo;
    private bool _committed;
    private Exception? _failure;

    public SuccessorConnection(
        LiveUpdateEngine engine, SuccessorChannel channel, SuccessorHello hello, SuccessorOptions options, Action<SuccessorPhase>? reached) =>
        (_engine, _channel, _ending, _hello, _options, _reached) =
            (engine, channel, new SuccessorEnding(channel, engine.KeepError), hello, options, reached);

    /// <summary>Checks that the successor can take over what is preserved now.</summary>
    /// <exception cref="LiveUpdateException">It cannot; or it is gone.</exception>
    public void Preflight()
    {
        ThrowIfFailed();
        SuccessorPreflight.Check(_engine, _hello);
    }

    /// <summary>As <see cref="Preflight"/>, and tells the successor, as far as it listens, why it is not taken.</summary>
    /// <exception cref="LiveUpdateException">It cannot; or it is gone.</exception>
    public void PreflightOrRefuse()
    {
        try
        {
            Preflight();
        }
        catch (LiveUpdateException reason)
        {
            TryRefuse(reason);
            throw;
        }
    }

    /// <summary>Sends the memory file and every descriptor, and has the successor count them.</summary>
    /// <exception cref="LiveUpdateException">The successor is gone, slow, or out of descriptors.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void SendAll(SafeFileHandle memory, HandoverRun run)
    {
        SuccessorExchange.Send(_channel, SuccessorMessage.Memory, TransferDeadline, default, [memory]);
        _reached?.Invoke(SuccessorPhase.Memory);
        _engine.Descriptors.SetMirror(this);
        ThrowIfFailed();
        run.Report("transfer", _descriptors, _engine.Descriptors.Count);
        _reached?.Invoke(SuccessorPhase.Descriptors);
        Synchronize();
        _reached?.Invoke(SuccessorPhase.Synchronized);
    }

    /// <summary>Lets the successor boot and verify, and commits. Called frozen and serialized.</summary>
    /// <exception cref="LiveUpdateException">
    /// Before the commit: the cause; the successor still lives and must be killed. After it: the new generation ended.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled before the commit.</exception>
    public void Transfer(HandoverRun run)
    {
        int slots = _engine.Descriptors.SlotCount;
        string? lost;
        lock (_lock)
        {
            ThrowIfFailed();
            Commit(slots, run);
            lost = AwaitCommitted(run);
            _failure = new ObjectDisposedException(nameof(SuccessorConnection));
        }

        _engine.End();
        _engine.Memory.Dispose();
        _engine.Descriptors.ReleaseOutgoing();
        if (lost is not null)
        {
            throw Refusal.Create(
                LiveUpdateError.BrokenPipe, "hand over", $"The hand-over was committed, and the new generation ended before it had taken over: {lost}");
        }

        _reached?.Invoke(SuccessorPhase.Completed);
    }

    /// <summary>
    /// Kills the successor and waits until it has ended; nothing after the commit. The stream stays open until then. One that cannot be
    /// killed is left when everything is unfrozen (<see cref="SuccessorEnding"/>).
    /// </summary>
    public void CallOff()
    {
        if (_committed)
            return;
        _engine.Descriptors.SetMirror(null);
        lock (_lock)
            Kill();
    }

    /// <inheritdoc/>
    public void Begin(IReadOnlyList<SafeHandle?> descriptors)
    {
        lock (_lock)
        {
            Try(() =>
            {
                int batch = 0;
                for (int slot = 0; slot < descriptors.Count; slot++)
                {
                    if (descriptors[slot] is not { } descriptor)
                        continue;
                    BinaryPrimitives.WriteInt32LittleEndian(_slots.AsSpan(batch * sizeof(int)), slot);
                    _batch[batch++] = descriptor;
                    if (batch == _batch.Length)
                        SendBatch(ref batch);
                }

                SendBatch(ref batch);
            });
        }
    }

    /// <inheritdoc/>
    public void Added(int slot, SafeHandle descriptor)
    {
        lock (_lock)
        {
            Try(() =>
            {
                int batch = 1;
                BinaryPrimitives.WriteInt32LittleEndian(_slots, slot);
                _batch[0] = descriptor;
                SendBatch(ref batch);
            });
        }
    }

    /// <inheritdoc/>
    public void Removed(int slot)
    {
        lock (_lock)
        {
            Try(() =>
            {
                Deadline deadline = TransferDeadline;
                SuccessorExchange.Send(_channel, SuccessorMessage.Close, deadline, slot);
                Expect(SuccessorMessage.Closed, deadline);
                if (_channel.ReadNumber() != slot)
                    throw _channel.Unexpected("the acknowledgement of another slot");
                _descriptors--;
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Descriptors.SetMirror(null);
        lock (_lock)
        {
            _failure ??= new ObjectDisposedException(nameof(SuccessorConnection));
            _ending.Leave();
            _channel.Dispose();
        }
    }

    private void Commit(int slots, HandoverRun run)
    {
        _reached?.Invoke(SuccessorPhase.Frozen);
        Span<byte> go = stackalloc byte[GoLength];
        BinaryPrimitives.WriteInt32LittleEndian(go, slots);
        BinaryPrimitives.WriteInt32LittleEndian(go[4..], _descriptors);
        BinaryPrimitives.WriteUInt64LittleEndian(go[8..], _engine.Number + 1);
        Deadline deadline = Deadline.After(_options.VerifyTimeout);
        _saidGo = true;
        SuccessorExchange.Send(_channel, SuccessorMessage.Go, deadline, go);
        run.Begin(UpdateStep.Verify);
        _reached?.Invoke(SuccessorPhase.Go);
        _channel.IsAwake = true;
        Expect(SuccessorMessage.Verified, deadline);
        _channel.IsAwake = false;
        _reached?.Invoke(SuccessorPhase.Verified);
        _channel.Cancellation?.Token.ThrowIfCancellationRequested();

        // The point of no return. It is one small message that the kernel takes as a whole or not at all: this throws with nothing written,
        // and the hand-over is called off, or it has been committed.
        _channel.Send(SuccessorMessage.Commit, deadline);
        _committed = true;
        run.Begin(UpdateStep.Commit);
    }

    private Deadline TransferDeadline => Deadline.After(_options.TransferTimeout);

    private void TryRefuse(LiveUpdateException reason)
    {
        try
        {
            _channel.Send(SuccessorMessage.Refused, Deadline.After(TimeSpan.Zero), SuccessorFailure.Of(reason).Write());
        }
        catch (Exception exception) when (exception is LiveUpdateException or OperationCanceledException)
        {
            // It will be killed; the reason is for its log only.
        }
    }

    /// <summary>Has the successor map what is in use and count its descriptors; afterwards it waits for the go awake.</summary>
    /// <exception cref="LiveUpdateException">The successor is gone, slow, or out of descriptors.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Synchronize()
    {
        lock (_lock)
        {
            ThrowIfFailed();
            Deadline deadline = TransferDeadline;
            Span<byte> used = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(used, _engine.Memory.UsedBytes);
            SuccessorExchange.Send(_channel, SuccessorMessage.Synchronize, deadline, used);
            Expect(SuccessorMessage.Synchronized, deadline);
            if (_channel.ReadNumber() is var count && count != _descriptors)
                throw _channel.Unexpected($"the number {count} where it should hold {_descriptors} descriptors");
        }
    }

    private void SendBatch(ref int batch)
    {
        if (batch == 0)
            return;
        SuccessorExchange.Send(_channel, SuccessorMessage.Descriptors, TransferDeadline, _slots.AsSpan(0, batch * sizeof(int)), _batch.AsSpan(0, batch));
        _descriptors += batch;
        Array.Clear(_batch, 0, batch);
        batch = 0;
    }

    private void Expect(SuccessorMessage expected, Deadline deadline)
    {
        SuccessorMessage kind = _channel.Receive(deadline, expected);
        if (kind == SuccessorMessage.Failed)
            throw SuccessorExchange.CannotTakeOver(_channel);
        if (kind != expected)
            throw _channel.Unexpected($"the message {kind} where {expected} was due");
    }

    // Whatever else it sends now means nothing; only its word or its end counts. Until then everything here is kept untouched.
    private string? AwaitCommitted(HandoverRun run)
    {
        _channel.Cancellation = null;
        _channel.IsPatient = true;
        _reached?.Invoke(SuccessorPhase.Committed);

        // Asleep and not waiting at the stream, this process is not woken by the answer and takes no processor from the one that now serves.
        if (!_channel.Peer.IsStandIn)
            Thread.Sleep(s_standBack);
        try
        {
            while (true)
            {
                switch (_channel.Receive(Deadline.Never))
                {
                    case SuccessorMessage.Committed:
                        run.Timeline.Begin(UpdateStep.Done, EndOfPause(run.Timeline.Last));
                        return null;
                    case SuccessorMessage.Failed:
                        return SuccessorFailure.Read(_channel.PayloadMemory).Message;
                }
            }
        }
        catch (Exception exception)
        {
            _channel.Peer.WaitForEnd();
            _channel.Peer.Reap();
            return exception.Message;
        }
    }

    // The clock is the same there; what cannot be is not believed.
    private long EndOfPause(long begun)
    {
        long now = Stopwatch.GetTimestamp();
        return _channel.Payload.Length == sizeof(long) ? Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(_channel.Payload), begun, now) : now;
    }

    private void Try(Action action)
    {
        if (_failure is not null)
            return;
        try
        {
            action();
        }
        catch (Exception exception)
        {
            _failure = exception;
            Kill();
        }
    }

    private void Kill()
    {
        _failure ??= new ObjectDisposedException(nameof(SuccessorConnection));
        _ending.Kill(_saidGo);
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }
}
