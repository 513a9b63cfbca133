using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace LiveUpdate.Agent;

/// <summary>
/// The client's end of a connection: numbers requests, and finds the one that an answer belongs to. Safe for threads.
/// </summary>
internal sealed class UpdateLink : IAsyncDisposable
{
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly Action<UpdateNotice> _told;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, UpdatePending> _pending = [];
    private Exception? _lost;
    private Task _reading = Task.CompletedTask;
    private ulong _number;

    /// <summary>Makes one of a connected socket.</summary>
    /// <param name="socket">The socket; owned by this object from now on.</param>
    /// <param name="told">Gets what is no answer, on the thread that reads; must not wait.</param>
    public UpdateLink(Socket socket, Action<UpdateNotice> told)
    {
        (_socket, _told) = (socket, told);

        // Before anything is sent: a socket that could not send counts as not connected, and what the agent said last is still to be read.
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Ends with the connection: faulted if it was lost.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Begins to read.</summary>
    public void Begin() => _reading = Task.Run(ReadAsync);

    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="pending">What is asked.</param>
    /// <param name="cancellationToken">Calls the wait off; an answer that comes later is passed over.</param>
    /// <exception cref="LiveUpdateException">
    /// What the agent answers; EINTR: the agent that took it died; EFBIG: a text in it is too long; or why the connection is lost.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">Disposed.</exception>
    public async Task<UpdateNotice> AskAsync(UpdatePending pending, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await PostAsync(pending).WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            UpdateNotice answer = await pending.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
            return answer.Kind == UpdateMessageKind.Error ? throw new LiveUpdateException(answer.Error, answer.Text) : answer;
        }
        catch (OperationCanceledException)
        {
            pending.Abandon();
            throw;
        }
    }

    /// <summary>Says something that has no answer.</summary>
    /// <exception cref="LiveUpdateException">Why the connection is lost; EFBIG: a text in it is too long.</exception>
    /// <exception cref="ObjectDisposedException">Disposed.</exception>
    public async Task SayAsync(UpdateRequest request)
    {
        byte[] frame = request.Write();
        await BeginWritingAsync().ConfigureAwait(false);
        try
        {
            await SendAsync(frame).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>
    /// The agent died and came back, and what was asked before a number was answered, or is lost with it: it is asked again, or fails.
    /// </summary>
    public void Interrupt(ulong before)
    {
        UpdatePending[] lost;
        lock (_lock)
        {
            lost = [.. _pending.TakeWhile(pair => pair.Key < before).Select(static pair => pair.Value)];
            foreach (ulong number in _pending.Keys.TakeWhile(number => number < before).ToArray())
                _pending.Remove(number);
        }

        foreach (UpdatePending pending in lost)
        {
            if (pending.Answer.IsCompleted)
                continue;
            if (pending.IsRepeatable)
            {
                _ = RepeatAsync(pending);
            }
            else
            {
                pending.Fail(new LiveUpdateException(
                    LiveUpdateError.Interrupted, "The agent died and came back; whether it had carried this out is not known."));
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Lose(new ObjectDisposedException(nameof(AgentClient)));
        await _reading.ConfigureAwait(false);
    }

    /// <summary>Numbers a request and sends it. Numbers are in the order in which the agent gets them.</summary>
    private async Task PostAsync(UpdatePending pending)
    {
        await BeginWritingAsync().ConfigureAwait(false);
        try
        {
            byte[] frame;
            lock (_lock)
            {
                if (_lost is not null)
                    throw _lost;
                frame = pending.Make(_number + 1).Write();
                _pending.Add(++_number, pending);
            }

            await SendAsync(frame).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "It reaches who waits for the answer.")]
    private async Task RepeatAsync(UpdatePending pending)
    {
        try
        {
            await PostAsync(pending).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            pending.Fail(exception);
        }
    }

    private async Task BeginWritingAsync()
    {
        try
        {
            await _writing.WaitAsync(_end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw _lost!;
        }
    }

    // A message that was begun is sent to its end: what follows would be read as the rest of it.
    private async Task SendAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            while (!frame.IsEmpty)
                frame = frame[await _socket.SendAsync(frame, SocketFlags.None, _end.Token).ConfigureAwait(false)..];
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Why the agent closed the connection may still be there to read, and says more than this.
            await Completion.WaitAsync(s_lastWords).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Lose(Lost(exception));
            throw _lost!;
        }
    }

    [SuppressMessage(
        "Design", "CA1031:Do not catch general exception types", Justification = "Whatever it is, everybody who waits gets it.")]
    private async Task ReadAsync()
    {
        PipeReader reader = PipeReader.Create(_stream);
        try
        {
            while (true)
            {
                ReadResult result = await reader.ReadAsync(_end.Token).ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (UpdateFrame.TryTake(ref buffer, out ReadOnlySequence<byte> payload))
                    Receive(UpdateNotice.Read(payload));
                if (result.IsCompleted)
                    throw Lost(buffer.IsEmpty ? null : new EndOfStreamException("The last message is not whole."));
                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        catch (Exception exception)
        {
            Lose(exception is LiveUpdateException ? exception : Lost(exception));
        }

        // The stream with it, and so the socket.
        await reader.CompleteAsync().ConfigureAwait(false);
    }

    private void Receive(UpdateNotice notice)
    {
        if (!notice.IsAnswer)
        {
            _told(notice);
            return;
        }

        if (notice is { Kind: UpdateMessageKind.Error, Number: 0 })
            throw new LiveUpdateException(notice.Error, notice.Text);
        UpdatePending? pending;
        lock (_lock)
            _pending.Remove(notice.Number, out pending);
        pending?.Complete(notice);
    }

    private void Lose(Exception reason)
    {
        UpdatePending[] pending;
        lock (_lock)
        {
            if (_lost is not null)
                return;
            _lost = reason;
            pending = [.. _pending.Values];
            _pending.Clear();
        }

        _ = _end.CancelAsync();
        foreach (UpdatePending request in pending)
            request.Fail(reason);
        if (reason is ObjectDisposedException)
        {
            _completion.TrySetResult();
            return;
        }

        // Nobody has to look at it: who asks for something hears it.
        _completion.TrySetException(reason);
        _ = _completion.Task.Exception;
    }

    private static LiveUpdateException Lost(Exception? cause) =>
        new(LiveUpdateError.ConnectionReset, "The agent has closed the connection.", cause);
}
