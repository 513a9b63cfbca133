using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>A way into the next generation.</summary>
/// <remarks>
/// A hand-over happens or it does not. Until the target's commit everything can fail, and then all is rolled back in the reference's order
/// (F-35, F-36) and the caller gets the first cause.
/// </remarks>
public abstract partial class HandoverTarget
{
    private protected HandoverTarget()
    {
    }

    /// <summary>The target as it stands in the image.</summary>
    internal abstract LuoCoreTarget Kind { get; }

    /// <summary>Whether handlers must ask the kernel about their descriptors at freeze: the next generation cannot call the hand-over off.</summary>
    internal abstract bool ChecksDescriptors { get; }

    /// <summary>What can be done, and can fail, while sessions are still in use.</summary>
    internal virtual void Prepare(LiveUpdateEngine engine)
    {
    }

    /// <summary>
    /// Moves memory and descriptors and commits; called frozen and serialized. Returns after the commit, or throws before it with everything
    /// of its own undone.
    /// </summary>
    internal abstract void Transfer(LiveUpdateEngine engine, in HandoverTimes times);
}
