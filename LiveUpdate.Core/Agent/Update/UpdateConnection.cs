using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// A client's connection, the agent's end. Takes one message, carries it out, takes the next: what has not been taken lies in the socket,
/// for the successor.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class UpdateConnection : UpdatePeer, IDisposable
{
    // Who starts an update is told of every step of every subscriber.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly UpdateServer _server;
    private readonly AgentSocket _socket;
    private readonly Lock _sending = new();
    private CancellationTokenSource _rest = new();
    private Task _loop = Task.CompletedTask;
    private List<byte[]>? _held;
    private bool _isOfNoUse;
    private bool _hasEnded;

    /// <summary>Makes one, which does nothing yet.</summary>
    public UpdateConnection(UpdateServer server, int key, SafeFileHandle socket, uint user)
        : base(key)
    {
        (_server, User) = (server, user);
        _socket = new AgentSocket(socket, UpdateFrame.Shortest, UpdateFrame.Longest, server.Patience);
    }

    /// <summary>The user id of the process at the other end.</summary>
    public uint User { get; }

    /// <summary>What the program calls itself.</summary>
    public string Program { get; set; } = "";

    /// <summary>Whether the client has said hello.</summary>
    public bool IsGreeted { get; set; }

    /// <summary>Whether it may say hello again: nobody knows what it told an agent that died.</summary>
    public bool IsAfterCrash { get; init; }

    /// <summary>The socket, owned by this connection.</summary>
    public SafeHandle Socket => _socket.Handle;

    /// <summary>Whether something could not be sent: nothing more is, and a successor has no use for it.</summary>
    public bool IsOfNoUse
    {
        get
        {
            lock (_sending)
                return _isOfNoUse;
        }
    }

    /// <summary>Begins to take messages, once the loop before has ended.</summary>
    public void Begin()
    {
        Task previous = _loop;
        _loop = Task.Run(async () =>
        {
            await previous.ConfigureAwait(false);
            if (!_hasEnded)
                await RunAsync().ConfigureAwait(false);
        });
    }

    /// <inheritdoc/>
    public override void Tell(UpdateNotice notice)
    {
        lock (_sending)
        {
            if (_held is not null)
                _held.Add(notice.Frame);
            else
                Send(notice.Frame);
        }
    }

    /// <summary>Takes no more messages; ends when the one under way has been carried out.</summary>
    public async Task RestAsync()
    {
        await _rest.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    /// <summary>Sends nothing from now on; it is kept.</summary>
    public void Hold()
    {
        lock (_sending)
            _held ??= [];
    }

    /// <summary>Takes <see cref="RestAsync"/> and <see cref="Hold"/> back.</summary>
    public void GoOn()
    {
        lock (_sending)
        {
            foreach (byte[] frame in _held ?? [])
                Send(frame);
            _held = null;
            _rest = new CancellationTokenSource();
            if (_isOfNoUse)
                _rest.Cancel();
        }

        Begin();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Not while somebody sends: closing a socket in use would shut it down for the successor, too.
        lock (_sending)
        {
            _isOfNoUse = true;
            _socket.Dispose();
        }
    }

    private void Send(byte[] frame)
    {
        if (_isOfNoUse || (_server.IsWaitedFor(User) ? _socket.TrySend(frame, s_patience) : _socket.TrySend(frame)))
            return;
        _isOfNoUse = true;
        _ = _rest.CancelAsync();
    }

    private async Task RunAsync()
    {
        CancellationToken rest = _rest.Token;
        string? reason = null;
        try
        {
            while (await _socket.WaitForFrameAsync(rest).ConfigureAwait(false) is > 0 and var length)
            {
                rest.ThrowIfCancellationRequested();
                _server.Handle(this, Take(length));
            }
        }
        catch (OperationCanceledException)
        {
            if (!IsOfNoUse)
                return;
            reason = "It does not read what it is sent.";
        }
        catch (LiveUpdateException exception)
        {
            reason = exception.Reason;
            Tell(UpdateNotice.Failed(0, default, exception.Error, exception.Reason));
        }
        catch (SocketException exception)
        {
            reason = exception.Message;
        }

        _hasEnded = true;
        _server.End(this, reason);
    }

    private UpdateRequest Take(int length)
    {
        byte[] frame = ArrayPool<byte>.Shared.Rent(length);
        List<SafeFileHandle> descriptors = [];
        try
        {
            _socket.Take(frame.AsSpan(0, length), descriptors);
            if (descriptors.Count > 0)
                throw new LiveUpdateException(LiveUpdateError.Protocol, "No descriptor goes beside a message of this socket.");
            return UpdateRequest.Read(new ReadOnlySequence<byte>(frame, UpdateFrame.HeaderLength, length - UpdateFrame.HeaderLength));
        }
        finally
        {
            foreach (SafeFileHandle descriptor in descriptors)
                descriptor.Dispose();
            ArrayPool<byte>.Shared.Return(frame);
        }
    }
}
