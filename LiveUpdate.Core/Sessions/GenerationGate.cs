namespace LiveUpdate;

/// <summary>
/// The freeze gate of one generation: open, closed for a hand-over, over for good after it (reference C-03, C-04), or disposed.
/// </summary>
internal sealed class GenerationGate
{
    private readonly SharedGate _gate = new();
    private volatile bool _over;
    private volatile bool _disposed;

    /// <summary>Whether the generation has been handed over.</summary>
    public bool IsOver => _over;

    /// <summary>Whether the generation has been disposed, or is being.</summary>
    public bool IsDisposed => _disposed;

    /// <summary>Whether the gate is closed, or somebody waits to close it.</summary>
    public bool IsClosed => _gate.IsClosed;

    /// <summary>Begins an operation; dispose what this returns to end it.</summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: the generation has been handed over.</exception>
    /// <exception cref="ObjectDisposedException">The generation has been disposed.</exception>
    public Pass Enter(string operation, string? session = null)
    {
        if (TryEnter(operation, out Pass pass))
            return pass;
        throw Ended(operation, session);
    }

    /// <summary>Begins an operation unless the generation is over or disposed.</summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    public bool TryEnter(string operation, out Pass pass)
    {
        CallbackScope.ThrowIfActive(operation);
        _gate.EnterShared();
        pass = new Pass(_gate);
        if (!_over && !_disposed)
            return true;
        _gate.ExitShared();
        return false;
    }

    /// <summary>
    /// Gets or puts an FLB: waits while a hand-over is under way, so that no put unpreserves what has been written (C-06) and no get retrieves
    /// while memory is fixed. From a callback it goes ahead, since the operation that runs the callback is inside the gate.
    /// </summary>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: the generation has been handed over; nothing ran.</exception>
    public void RunFlb(string operation, Action action)
    {
        if (CallbackScope.IsActive)
        {
            action();
            return;
        }

        using Pass pass = Enter(operation);
        action();
    }

    /// <summary>Puts an FLB, as <see cref="RunFlb"/> does; once the generation is disposed there is nothing to put.</summary>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: the generation has been handed over; nothing ran.</exception>
    public void PutFlb(Action put)
    {
        if (CallbackScope.IsActive)
        {
            put();
        }
        else if (TryEnter("put FLB", out Pass pass))
        {
            using (pass)
                put();
        }
        else if (_over)
        {
            throw Ended("put FLB");
        }
    }

    /// <summary>Closes the gate for a hand-over and waits for the operations under way.</summary>
    /// <returns>False when the time ran out; the gate is then open again.</returns>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: the generation has been handed over; the gate is open again.</exception>
    /// <exception cref="ObjectDisposedException">The generation has been disposed; the gate is open again.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; the gate is open again.</exception>
    public bool TryClose(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!_gate.TryEnterExclusive(timeout, cancellationToken))
            return false;
        if (!_over && !_disposed)
            return true;
        _gate.ExitExclusive();
        throw Ended("hand over");
    }

    /// <summary>Closes the gate to dispose the generation: waits for the operations, and for a hand-over, under way. Open it when done.</summary>
    /// <returns>False if another thread disposed it; the gate is then open.</returns>
    public bool TryCloseForDisposal()
    {
        CallbackScope.ThrowIfActive("dispose");
        _gate.EnterExclusive();
        if (!_disposed)
            return _disposed = true;
        _gate.ExitExclusive();
        return false;
    }

    /// <summary>Opens the gate again after a hand-over was called off; what waits goes on.</summary>
    public void Open() => _gate.ExitExclusive();

    /// <summary>Opens the gate after the commit; what waits throws.</summary>
    public void End()
    {
        _over = true;
        _gate.ExitExclusive();
    }

    /// <summary>Why nothing can be begun any more.</summary>
    public Exception Ended(string operation, string? session = null) => _over
        ? Refusal.Create(LiveUpdateError.Shutdown, operation, "This generation has been handed over.", session)
        : new ObjectDisposedException("LiveUpdateOrchestrator", $"\"{operation}\": the orchestrator has been disposed.");

    /// <summary>An operation under way.</summary>
    public readonly ref struct Pass(SharedGate gate) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => gate.ExitShared();
    }
}
