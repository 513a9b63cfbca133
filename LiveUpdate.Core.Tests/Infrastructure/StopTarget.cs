using LiveUpdate.Abi;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// A hand-over that commits and leaves the memory as it is, as an exec does: a test can look at the image, damage it, and boot from it.
/// </summary>
internal sealed class StopTarget : HandoverTarget
{
    /// <summary>Runs frozen and serialized, before the commit; what it throws calls the hand-over off.</summary>
    public Action<LiveUpdateEngine>? BeforeCommit { get; init; }

    internal override LuoCoreTarget Kind => LuoCoreTarget.Exec;

    internal override bool ChecksDescriptors => false;

    internal override void Transfer(LiveUpdateEngine engine, HandoverRun run)
    {
        BeforeCommit?.Invoke(engine);
        engine.End();
    }
}
