namespace LiveUpdate;

/// <summary>
/// The freeze gate of one generation: open, closed for a hand-over, or over for good (reference C-03, C-04).
/// </summary>
internal sealed class GenerationGate
{
    private readonly SharedGate _gate = new();
    private volatile bool _over;

    /// <summary>Whether the generation has been handed over.</summary>
    public bool IsOver => _over;

    /// <summary>Begins an operation; dispose what this returns to end it.</summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: the generation has been handed over.</exception>
    public Pass Enter(string operation, string? session = null)
    {
        if (TryEnter(operation, out Pass pass))
            return pass;
        throw Refusal.Create(LiveUpdateError.Shutdown, operation, "This generation has been handed over.", session);
    }

    /// <summary>Begins an operation unless the generation is over.</summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    public bool TryEnter(string operation, out Pass pass)
    {
        CallbackScope.ThrowIfActive(operation);
        _gate.EnterShared();
        pass = new Pass(_gate);
        if (!_over)
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

    /// <summary>Closes the gate for a hand-over and waits for the operations under way.</summary>
    /// <returns>False when the time ran out; the gate is then open again.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; the gate is open again.</exception>
    public bool TryClose(TimeSpan timeout, CancellationToken cancellationToken) => _gate.TryEnterExclusive(timeout, cancellationToken);

    /// <summary>Opens the gate again after a hand-over was called off; what waits goes on.</summary>
    public void Open() => _gate.ExitExclusive();

    /// <summary>Opens the gate after the commit; what waits throws.</summary>
    public void End()
    {
        _over = true;
        _gate.ExitExclusive();
    }

    /// <summary>An operation under way.</summary>
    public readonly ref struct Pass(SharedGate gate) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => gate.ExitShared();
    }
}
