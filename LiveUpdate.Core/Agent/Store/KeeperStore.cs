using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The keeper that started this process, or a predecessor of it.</summary>
/// <remarks>
/// A message that <c>sendmsg</c> has taken lies in the queue of the keeper's socket, and a descriptor beside it is open there as in a
/// process: neither needs the sender any more. The keeper reads its queue to the end before it takes the agent for dead. So nothing is
/// waited for but room in the queue.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class KeeperStore(SafeFileHandle socket, bool isSuccessor) : AgentStore
{
    private const int NoBufferSpace = 105;
    private const int NotConnected = 107;
    private const int TooManyReferences = 109;

    private static readonly TimeSpan s_breath = TimeSpan.FromMilliseconds(1);

    private static readonly PreflightFinding s_gone = new(
        "agent-keeper-gone",
        PreflightSeverity.Warning,
        "The agent's keeper has ended: should the agent die, its clients see the end of the stream, and their sessions are gone.",
        "Update the agent to one that a keeper started, or restart it.");

    private readonly Lock _lock = new();
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly Queue<string> _owed = new();
    private int _capacity = int.MaxValue;
    private bool _begun;
    private bool _isWelcomeDue;
    private volatile bool _gone;

    /// <summary>How long to wait for room in the keeper's queue, and for each of its answers.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override bool Keeps => !_gone && !IsHungUp;

    /// <inheritdoc/>
    internal override int Capacity => _capacity;

    /// <inheritdoc/>
    internal override SafeHandle Connection => socket;

    private bool IsHungUp
    {
        get
        {
            using var reference = new HandleReference(socket);
            var entry = new Libc.PollEntry { Descriptor = (int)reference.Value };
            return Libc.Poll(ref entry, 1, 0) > 0 && (entry.Returned & Libc.POLLHUP) != 0;
        }
    }

    /// <summary>The store of a process that a keeper started; null for another one.</summary>
    public static KeeperStore? OfThisProcess() => KeeperNotice.Take() is { } socket ? new KeeperStore(socket, isSuccessor: false) : null;

    /// <inheritdoc/>
    public override IReadOnlyList<PreflightFinding> Check() => Keeps ? [] : [s_gone];

    /// <inheritdoc/>
    internal override IReadOnlyDictionary<string, SafeFileHandle> Take()
    {
        lock (_lock)
        {
            if (_begun)
                throw new InvalidOperationException("What was stored is taken once.");
            _begun = true;
            using SafeFileHandle? self = OpenSelf();
            Deadline deadline = Deadline.After(Patience);
            if (!TrySend(new KeeperFrame(KeeperMessage.Hello, Number: (uint)Environment.ProcessId), self, deadline) ||
                !TrySend(new KeeperFrame(isSuccessor ? KeeperMessage.List : KeeperMessage.Take), null, deadline))
            {
                throw Ended();
            }

            var taken = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal);
            using var received = new ReceivedDescriptors();
            try
            {
                while (ReceiveInto(taken, received))
                {
                }
            }
            catch
            {
                foreach (SafeFileHandle handle in taken.Values)
                    handle.Dispose();
                throw;
            }

            return taken;
        }
    }

    /// <inheritdoc/>
    internal override void Store(string key, SafeHandle descriptor)
    {
        StoreKey.Check(key);
        lock (_lock)
        {
            ThrowUnlessBegun();
            Deadline deadline = Deadline.After(Patience);
            if (_gone || !TrySettle(deadline))
                return;
            if (!_keys.Contains(key) && _keys.Count >= _capacity)
                throw new LiveUpdateException(LiveUpdateError.NoSpace, $"The keeper keeps {_capacity} descriptors and can keep no more.");
            if (TrySend(new KeeperFrame(KeeperMessage.Store, key), descriptor, deadline))
                _keys.Add(key);
        }
    }

    /// <inheritdoc/>
    internal override void Remove(string key)
    {
        StoreKey.Check(key);
        lock (_lock)
        {
            ThrowUnlessBegun();
            if (_gone || !_keys.Remove(key))
                return;

            // A keeper that was waited for in vain once is not waited for again: what it is owed comes before the next that is stored.
            Deadline deadline = Deadline.After(_owed.Count == 0 ? Patience : TimeSpan.Zero);
            _owed.Enqueue(key);
            try
            {
                TrySettle(deadline);
            }
            catch (LiveUpdateException exception)
            {
                StoreLog.NotRemoved(Logger, _owed.Count, exception.Reason);
            }
        }
    }

    /// <inheritdoc/>
    internal override void Settle()
    {
        lock (_lock)
        {
            ThrowUnlessBegun();
            try
            {
                // One that was waited for in vain comes first, and says nothing of what was removed since.
                AwaitWelcome();
                Deadline deadline = Deadline.After(Patience);
                using SafeFileHandle? self = OpenSelf();

                // A keeper answers in order: when it has answered this, it has done what came before.
                if (!_gone && TrySettle(deadline))
                    _isWelcomeDue = TrySend(new KeeperFrame(KeeperMessage.Hello, Number: (uint)Environment.ProcessId), self, deadline);
                AwaitWelcome();
            }
            catch (LiveUpdateException) when (_gone)
            {
            }
        }
    }

    /// <inheritdoc/>
    internal override void Stop()
    {
        lock (_lock)
        {
            if (_gone)
                return;
            try
            {
                TrySend(new KeeperFrame(KeeperMessage.Stop), null, Deadline.After(Patience));
            }
            catch (LiveUpdateException exception)
            {
                StoreLog.NotRemoved(Logger, _keys.Count, exception.Reason);
            }
        }
    }

    private protected override void Dispose(bool disposing)
    {
        socket.Dispose();
        base.Dispose(disposing);
    }

    // The keeper signals and watches the process by it; without one it has the process that it started.
    private static SafeFileHandle? OpenSelf()
    {
        int number = Libc.PidfdOpen(Environment.ProcessId);
        return number < 0 ? null : new SafeFileHandle(number, ownsHandle: true);
    }

    private void AwaitWelcome()
    {
        if (_gone || !_isWelcomeDue)
            return;
        using var received = new ReceivedDescriptors();
        ReceiveInto([], received);
        _isWelcomeDue = false;
    }

    private void ThrowUnlessBegun()
    {
        if (!_begun)
            throw new InvalidOperationException("What is stored is taken first.");
    }

    // In the keeper a key that is owed is there still, so it counts until it is sent.
    private bool TrySettle(Deadline deadline)
    {
        while (_owed.TryPeek(out string? key))
        {
            if (!TrySend(new KeeperFrame(KeeperMessage.Remove, key), null, deadline))
                return false;
            _owed.Dequeue();
        }

        return true;
    }

    /// <returns>False if the keeper is gone.</returns>
    private bool TrySend(KeeperFrame frame, SafeHandle? descriptor, Deadline deadline)
    {
        Span<byte> message = frame.Write(stackalloc byte[KeeperFrame.MaxSize]);
        ReadOnlySpan<SafeHandle> descriptors = descriptor is null ? default : new ReadOnlySpan<SafeHandle>(in descriptor);
        while (true)
        {
            int errno = -SocketMessage.Send(socket, message, descriptors);
            if (errno <= 0)
                return true;
            if (errno is (int)LiveUpdateError.BrokenPipe or (int)LiveUpdateError.ConnectionReset or NotConnected)
            {
                SetGone();
                return false;
            }

            WaitToSend(errno, deadline);
        }
    }

    private void WaitToSend(int errno, Deadline deadline)
    {
        if (errno == (int)LiveUpdateError.TryAgain)
        {
            if (DescriptorWait.Wait(socket, Libc.POLLOUT, deadline) == WaitResult.TimedOut)
                throw Silent("it takes no messages");
        }
        else if (errno is not ((int)LiveUpdateError.OutOfMemory or NoBufferSpace or TooManyReferences))
        {
            throw Errno.Failed(errno, "Sending to the keeper");
        }
        else if (deadline.IsOver)
        {
            throw Errno.Failed(errno, "Sending to the keeper, again and again,");
        }
        else
        {
            // Others' descriptors are on their way, or memory is short: a moment later it may go.
            Thread.Sleep(s_breath);
        }
    }

    private bool ReceiveInto(Dictionary<string, SafeFileHandle> taken, ReceivedDescriptors received)
    {
        Span<byte> packet = stackalloc byte[KeeperFrame.MaxSize];
        int length = Receive(packet, received, out bool truncated);
        if (truncated)
        {
            throw new LiveUpdateException(
                LiveUpdateError.TooManyFiles,
                $"More than {taken.Count} descriptors are kept, and this process may have no more (RLIMIT_NOFILE).");
        }

        if (!KeeperFrame.TryRead(packet[..length], out KeeperFrame frame))
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"The keeper sent {length} bytes that are no message.");
        switch (frame.Kind)
        {
            case KeeperMessage.Welcome:
                _capacity = (int)Math.Min(frame.Number, int.MaxValue);
                return true;
            case KeeperMessage.Given when received.Count == (isSuccessor ? 0 : 1) && _keys.Add(frame.Key):
                if (!isSuccessor)
                    taken.Add(frame.Key, received.Take());
                return true;
            case KeeperMessage.End when frame.Number == _keys.Count:
                return false;
            default:
                throw new LiveUpdateException(
                    LiveUpdateError.Protocol,
                    $"The keeper sent message {(int)frame.Kind} (\"{frame.Key}\", {frame.Number}) behind {_keys.Count} others.");
        }
    }

    private int Receive(Span<byte> packet, ReceivedDescriptors received, out bool truncated)
    {
        Deadline deadline = Deadline.After(Patience);
        while (true)
        {
            int length = SocketMessage.Receive(socket, packet, received.Handles, out truncated);
            if (length > 0)
                return length;
            if (length is 0 or -(int)LiveUpdateError.ConnectionReset)
            {
                SetGone();
                throw Ended();
            }

            if (length != -(int)LiveUpdateError.TryAgain)
                throw Errno.Failed(-length, "Receiving from the keeper");
            if (DescriptorWait.Wait(socket, Libc.POLLIN, deadline) == WaitResult.TimedOut)
                throw Silent("it has not said what it keeps");
        }
    }

    private void SetGone()
    {
        if (!_gone)
            StoreLog.Gone(Logger, "the keeper has ended");
        _gone = true;
    }

    private static LiveUpdateException Ended() => new(LiveUpdateError.BrokenPipe, "The keeper has ended.");

    private static LiveUpdateException Silent(string how) =>
        new(LiveUpdateError.TimedOut, $"The keeper did not answer in time: {how}.");
}
