namespace LiveUpdate.Agent;

/// <summary>Lets requests in, and keeps them out while an update is under way. Whoever waits holds no thread.</summary>
internal sealed class RequestGate : IDisposable
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _opened;
    private TaskCompletionSource? _empty;
    private CancellationTokenSource _closing = new();
    private int _inside;

    /// <summary>Cancelled when the gate closes: for those inside who only wait. Another one after it has opened again.</summary>
    public CancellationToken Closing
    {
        get
        {
            lock (_lock)
                return _closing.Token;
        }
    }

    /// <summary>Waits until the gate is open, and goes in; <see cref="Exit"/> must follow.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; nothing entered.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task opened;
            lock (_lock)
            {
                if (_opened is null)
                {
                    _inside++;
                    return;
                }

                opened = _opened.Task;
            }

            await opened.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Leaves.</summary>
    public void Exit()
    {
        lock (_lock)
        {
            if (--_inside == 0)
                _empty?.TrySetResult();
        }
    }

    /// <summary>Closes the gate, and waits until nobody is inside. Opened again if that is cancelled.</summary>
    /// <exception cref="InvalidOperationException">It is closed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        Task empty;
        lock (_lock)
        {
            if (_opened is not null)
                throw new InvalidOperationException("The gate is closed.");
            _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_inside == 0)
                _empty.SetResult();
            empty = _empty.Task;
        }

        try
        {
            await _closing.CancelAsync().ConfigureAwait(false);
            await empty.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Open();
            throw;
        }
    }

    /// <summary>Opens the gate; does nothing if it is open.</summary>
    public void Open()
    {
        lock (_lock)
        {
            if (_opened is null)
                return;
            _closing.Dispose();
            _closing = new CancellationTokenSource();
            _opened.SetResult();
            (_opened, _empty) = (null, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            _closing.Dispose();
    }
}
