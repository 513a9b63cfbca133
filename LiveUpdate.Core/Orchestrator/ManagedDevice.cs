namespace LiveUpdate;

/// <summary>The control device of an orchestrator in this process.</summary>
internal sealed class ManagedDevice(LiveUpdateEngine engine) : LiveUpdateDevice
{
    private int _closed;

    /// <inheritdoc/>
    public override IReadOnlyList<string> GetIncomingSessions()
    {
        using GenerationGate.Pass pass = Enter("list sessions");
        return [.. engine.Incoming.Names.Select(static name => name.ToString())];
    }

    /// <inheritdoc/>
    public override Session CreateSession(SessionName name)
    {
        if (name.Utf8.IsEmpty)
            throw new ArgumentException("A session's name has at least one byte.", nameof(name));
        using GenerationGate.Pass pass = Enter("create session");
        return engine.Outgoing.Create(name, engine.Sessions);
    }

    /// <inheritdoc/>
    public override Session RetrieveSession(SessionName name)
    {
        using GenerationGate.Pass pass = Enter("retrieve session");
        return engine.Incoming.Claim(name);
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
            engine.CloseDevice();
    }

    private GenerationGate.Pass Enter(string operation)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, this);
        return engine.Gate.Enter(operation);
    }
}
