namespace LiveUpdate.Interleavings.Control;

/// <summary>
/// What takes the place of <see cref="Lock"/> in the copies that Coyote controls: of the ways to lock it knows the monitor only.
/// </summary>
/// <remarks>
/// Public, since the rewritten library calls it. It has the members of a lock that the library uses. It notes its holder itself: Coyote's
/// monitor fails when asked before anybody has entered it.
/// </remarks>
public sealed class MonitorLock
{
    private Thread? _holder;
    private int _depth;

    public bool IsHeldByCurrentThread => _holder == Thread.CurrentThread;

    public Scope EnterScope()
    {
        Monitor.Enter(this);
        _holder = Thread.CurrentThread;
        _depth++;
        return new Scope(this);
    }

    private void Exit()
    {
        if (--_depth == 0)
            _holder = null;
        Monitor.Exit(this);
    }

    /// <summary>The lock held, until this is disposed.</summary>
    public readonly ref struct Scope(MonitorLock held) : IDisposable
    {
        public void Dispose() => held.Exit();
    }
}
