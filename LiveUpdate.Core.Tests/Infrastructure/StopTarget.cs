using LiveUpdate.Abi;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// A hand-over that commits and leaves the memory as it is, as an exec does: a test can look at the image, damage it, and boot from it.
/// </summary>
internal sealed class StopTarget : HandoverTarget
{
    /// <summary>Runs frozen and serialized, before the commit; what it throws calls the hand-over off.</summary>
    public Action<LiveUpdateEngine>? BeforeCommit { get; init; }

    /// <summary>Runs after the commit; what it throws reaches the caller, and nothing is taken back.</summary>
    public Action? AfterCommit { get; init; }

    /// <summary>Runs first; what it throws refuses the hand-over.</summary>
    public Action? Preparing { get; init; }

    /// <summary>The program's way to rest.</summary>
    public Action<CancellationToken>? Quiescing { get; init; }

    /// <summary>The program's way back.</summary>
    public Action? Resuming { get; init; }

    /// <summary>Runs when the target is to make sure that nobody else acts.</summary>
    public Action? CallingOff { get; init; }

    internal override LuoCoreTarget Kind => LuoCoreTarget.Exec;

    internal override bool ChecksDescriptors => false;

    internal override Action<CancellationToken>? Quiesce => Quiescing;

    internal override Action? Resume => Resuming;

    internal override void Prepare(LiveUpdateEngine engine, HandoverRun run, CancellationToken cancellationToken) => Preparing?.Invoke();

    internal override void CallOff() => CallingOff?.Invoke();

    internal override void Transfer(LiveUpdateEngine engine, HandoverRun run)
    {
        BeforeCommit?.Invoke(engine);
        engine.End();
        AfterCommit?.Invoke();
    }
}
