using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The keeper's end of the socket to an agent: takes its messages and answers them, and never waits.</summary>
/// <remarks>
/// Only an agent that this keeper started, or one that this handed over to, has the other end. It may be broken all the same: what is no
/// message is passed over, and no message makes the keeper hold more than its table has room for. Not safe for threads.
/// </remarks>
/// <param name="socket">The socket; owned by this object.</param>
/// <param name="table">Where descriptors are kept.</param>
/// <param name="logger">Gets what is passed over.</param>
[SupportedOSPlatform("linux")]
internal sealed class KeeperLink(SafeFileHandle socket, KeeperTable table, ILogger logger) : IDisposable
{
    private const int NoBufferSpace = 105;
    private const int TooManyReferences = 109;

    // So many in a row, and then it is looked whether somebody wants something else.
    private const int MessagesInRow = 256;

    private static readonly TimeSpan s_breath = TimeSpan.FromMilliseconds(1);

    private readonly ReceivedDescriptors _received = new();
    private readonly Queue<(KeeperFrame Frame, bool IsWithDescriptor)> _answers = new();
    private uint _given;
    private int _passedOver;

    /// <summary>The socket.</summary>
    public SafeHandle Socket => socket;

    /// <summary>Whether the agent said that it is not to be started again.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Whether there is something to send.</summary>
    public bool HasAnswers => _answers.Count > 0;

    /// <summary>Called when a process says that it is the agent, with its id and its pidfd, if it sent one; owned by the callee.</summary>
    public Action<int, SafeFileHandle?>? Greeted { get; init; }

    /// <summary>Takes what has come.</summary>
    /// <returns>False when everything was read that will ever come.</returns>
    public bool Receive()
    {
        Span<byte> packet = stackalloc byte[KeeperFrame.MaxSize + 1];
        for (int i = 0; i < MessagesInRow; i++)
        {
            int length = SocketMessage.Receive(socket, packet, _received.Handles, out bool truncated);
            if (length > 0 || (length == 0 && !IsEnded))
                Handle(packet[..length], truncated);
            else if (length == -(int)LiveUpdateError.TryAgain)
                return true;
            else if (length is -(int)LiveUpdateError.OutOfMemory or -NoBufferSpace)
                Thread.Sleep(s_breath);
            else if (length != -(int)LiveUpdateError.ConnectionReset)
                return false;

            // Behind a reset, which says that the agent ended with unread answers, lies what it sent before.
            _received.Dispose();
        }

        return true;
    }

    /// <summary>Sends what is to be sent, as far as there is room.</summary>
    public void Send()
    {
        while (_answers.TryPeek(out (KeeperFrame Frame, bool IsWithDescriptor) answer))
        {
            KeeperFrame frame = answer.Frame.Kind == KeeperMessage.End ? answer.Frame with { Number = _given } : answer.Frame;
            bool isGiven = frame.Kind == KeeperMessage.Given;
            SafeFileHandle? descriptor = null;

            // What was removed meanwhile is not given any more.
            bool isWanted = !isGiven || table.TryGet(frame.Key, out descriptor);
            int errno = isWanted ? Send(frame, answer.IsWithDescriptor ? descriptor : null) : 0;
            if (errno == (int)LiveUpdateError.TryAgain)
                return;
            if (errno is (int)LiveUpdateError.OutOfMemory or NoBufferSpace or TooManyReferences)
            {
                Thread.Sleep(s_breath);
                return;
            }

            // With any other errno the agent is gone, as reading will show.
            _answers.Dequeue();
            if (isGiven && isWanted)
                _given++;
        }
    }

    /// <summary>Cuts off whoever has the other end.</summary>
    public void Shutdown() => _ = Libc.Shutdown(socket, Libc.SHUT_RDWR);

    /// <inheritdoc/>
    public void Dispose()
    {
        _received.Dispose();
        socket.Dispose();
    }

    private bool IsEnded
    {
        get
        {
            using var reference = new HandleReference(socket);
            var entry = new Libc.PollEntry { Descriptor = (int)reference.Value, Events = Libc.POLLRDHUP };
            return Libc.Poll(ref entry, 1, 0) > 0;
        }
    }

    private int Send(KeeperFrame frame, SafeHandle? descriptor)
    {
        ReadOnlySpan<byte> packet = frame.Write(stackalloc byte[KeeperFrame.MaxSize]);
        return -SocketMessage.Send(socket, packet, descriptor is null ? default : new ReadOnlySpan<SafeHandle>(in descriptor));
    }

    private void Handle(ReadOnlySpan<byte> packet, bool isTruncated)
    {
        if (!KeeperFrame.TryRead(packet, out KeeperFrame frame))
        {
            PassOver($"{packet.Length} bytes that are no message");
            return;
        }

        switch (frame.Kind)
        {
            case KeeperMessage.Store when isTruncated && _received.Count == 0:
                StoreLog.Lost(logger);
                break;
            case KeeperMessage.Store when _received.Count == 1 && frame.Key.Length > 0:
                Keep(frame.Key);
                break;
            case KeeperMessage.Remove when frame.Key.Length > 0:
                table.Remove(frame.Key);
                break;
            case KeeperMessage.Stop:
                IsStopping = true;
                break;
            case KeeperMessage.Hello when !HasAnswers && frame.Number is > 0 and <= int.MaxValue && _received.Count <= 1:
                Greeted?.Invoke((int)frame.Number, _received.Count == 1 ? _received.Take() : null);
                _answers.Enqueue((new KeeperFrame(KeeperMessage.Welcome, Number: (uint)table.Capacity), false));
                break;
            case KeeperMessage.Take or KeeperMessage.List when _answers.Count <= 1:
                GiveAll(frame.Kind == KeeperMessage.Take);
                break;
            default:
                PassOver($"message {(byte)frame.Kind} (key \"{frame.Key}\", {_received.Count} descriptors)");
                break;
        }
    }

    private void Keep(string key)
    {
        SafeFileHandle descriptor = _received.Take();
        if (table.TryPut(key, descriptor))
            return;
        descriptor.Dispose();
        PassOver($"\"{key}\", which is more than the {table.Capacity} descriptors that are kept");
    }

    private void GiveAll(bool areWithDescriptors)
    {
        _given = 0;
        foreach (string key in table.Keys)
            _answers.Enqueue((new KeeperFrame(KeeperMessage.Given, key), areWithDescriptors));
        _answers.Enqueue((new KeeperFrame(KeeperMessage.End), false));
    }

    // Whoever sends nothing else must not fill the log.
    private void PassOver(string what)
    {
        if (int.IsPow2(++_passedOver))
            StoreLog.PassedOver(logger, _passedOver, what);
    }
}
