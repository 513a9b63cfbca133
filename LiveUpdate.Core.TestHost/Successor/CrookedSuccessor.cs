using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A successor that keeps to the protocol up to a point: <c>crooked HOW</c>. It answers every message as it should but for one.
/// </summary>
internal sealed class CrookedSuccessor : IDisposable
{
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(300);

    private readonly string _how;
    private readonly SuccessorChannel _channel;
    private readonly HashSet<int> _slots = [];

    private CrookedSuccessor(string how)
    {
        _how = how;
        if (!SuccessorNotice.TryTake(out SafeFileHandle? stream, out int predecessor))
            throw new InvalidOperationException("This process was not started as a successor.");
        _channel = new SuccessorChannel(stream, Interop.ProcessHandle.TryOpenPeer(stream, predecessor)!, "predecessor");
    }

    public static void Run(string how)
    {
        using var successor = new CrookedSuccessor(how);
        try
        {
            successor.Serve();
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.BrokenPipe)
        {
            // The old process has ended, or is about to kill this one.
        }
    }

    public void Dispose() => _channel.Dispose();

    private void Serve()
    {
        Send(SuccessorMessage.Hello, SuccessorHello.Create([.. PeerLife.Handlers()], null).Write());
        while (true)
        {
            switch (_channel.Receive(Deadline.Never))
            {
                case SuccessorMessage.Memory when _how == "failed-early":
                    Send(SuccessorMessage.Failed, new SuccessorFailure(LiveUpdateError.NoSpace, "no room").Write());
                    return;
                case SuccessorMessage.Descriptors:
                    Store();
                    break;
                case SuccessorMessage.Close:
                    AnswerClose(_channel.ReadNumber());
                    break;
                case SuccessorMessage.Synchronize:
                    AnswerSynchronize();
                    break;
                case SuccessorMessage.Go:
                    AnswerGo();
                    break;
                case SuccessorMessage.Commit:
                    AnswerCommit();
                    return;
            }
        }
    }

    private void Store()
    {
        ReadOnlySpan<byte> slots = _channel.Payload;
        for (; !slots.IsEmpty; slots = slots[sizeof(int)..])
            _slots.Add(BitConverter.ToInt32(slots));
    }

    private void AnswerClose(int slot)
    {
        _slots.Remove(slot);
        switch (_how)
        {
            case "closed-other":
                Send(SuccessorMessage.Closed, [7, 0, 0, 0]);
                break;
            case "closed-long":
                Send(SuccessorMessage.Closed, new byte[8]);
                break;
            case "closed-never":
                break;
            case "closed-twice":
                SendNumber(SuccessorMessage.Closed, slot);
                SendNumber(SuccessorMessage.Closed, slot);
                break;
            default:
                SendNumber(SuccessorMessage.Closed, slot);
                break;
        }
    }

    private void AnswerSynchronize()
    {
        switch (_how)
        {
            case "synchronized-wrong":
                SendNumber(SuccessorMessage.Synchronized, _slots.Count + 1);
                break;
            case "synchronized-never":
                break;
            case "synchronized-twice":
                SendNumber(SuccessorMessage.Synchronized, _slots.Count);
                SendNumber(SuccessorMessage.Synchronized, _slots.Count);
                break;
            case "synchronized-with-descriptor":
                _channel.Send(SuccessorMessage.Synchronized, Deadline.Never, BitConverter.GetBytes(_slots.Count), [_channel.Socket]);
                break;
            case "exit-when-warm":
                SendNumber(SuccessorMessage.Synchronized, _slots.Count);
                Environment.Exit(4);
                break;
            default:
                SendNumber(SuccessorMessage.Synchronized, _slots.Count);
                break;
        }
    }

    private void AnswerGo()
    {
        switch (_how)
        {
            case "verified-never":
                break;
            case "verified-twice":
                Send(SuccessorMessage.Verified);
                Send(SuccessorMessage.Verified);
                break;
            case "committed-instead":
                Send(SuccessorMessage.Committed);
                break;
            case "failed":
                Send(SuccessorMessage.Failed, new SuccessorFailure(LiveUpdateError.NoSpace, "no room").Write());
                break;
            case "failed-with-no-errno":
                Send(SuccessorMessage.Failed, new SuccessorFailure(LiveUpdateError.None, "odd").Write());
                break;
            case "failed-without-reason":
                Send(SuccessorMessage.Failed, [0xc1]);
                break;
            case "failed-after-verified":
                Send(SuccessorMessage.Verified);
                Send(SuccessorMessage.Failed, new SuccessorFailure(LiveUpdateError.NoSpace, "after all").Write());
                break;
            case "deaf-after-verified":
                _ = Libc.ShutDownReceiving(_channel.Socket, 0);
                Send(SuccessorMessage.Verified);
                Thread.Sleep(Timeout.Infinite);
                break;
            case "deaf-and-failed":
                Send(SuccessorMessage.Failed, new SuccessorFailure(LiveUpdateError.NoSpace, "no room").Write());
                _ = Libc.ShutDownReceiving(_channel.Socket, 0);
                Thread.Sleep(Timeout.Infinite);
                break;
            case "exit-after-go":
                Environment.Exit(5);
                break;
            case "closes-after-go":
                _channel.Shutdown();
                Thread.Sleep(Timeout.Infinite);
                break;
            default:
                Send(SuccessorMessage.Verified);
                break;
        }
    }

    private void AnswerCommit()
    {
        switch (_how)
        {
            case "garbage-after-commit":
                DescriptorPassing.Send(_channel.Socket, "garbage"u8, [], Deadline.Never);
                Thread.Sleep(s_moment);
                break;
            case "closes-after-commit":
                _channel.Shutdown();
                Thread.Sleep(s_moment);
                break;
            case "exit-after-commit":
                Environment.Exit(6);
                break;
            case "chatter-after-commit":
                SendNumber(SuccessorMessage.Closed, 0);
                Send(SuccessorMessage.Hello);
                Send((SuccessorMessage)99);
                Send(SuccessorMessage.Committed);
                break;
            case "committed-twice":
                Send(SuccessorMessage.Committed);
                Send(SuccessorMessage.Committed);
                break;
            default:
                Send(SuccessorMessage.Committed);
                break;
        }
    }

    private void SendNumber(SuccessorMessage kind, int number) => Send(kind, BitConverter.GetBytes(number));

    private void Send(SuccessorMessage kind, ReadOnlySpan<byte> payload = default) => _channel.Send(kind, Deadline.Never, payload);
}
