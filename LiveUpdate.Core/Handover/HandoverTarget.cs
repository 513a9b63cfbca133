using System.Runtime.Versioning;
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

    /// <summary>
    /// Executes the next image in this process: a hand-over that returns only by throwing. The next image boots with <c>Memory</c> unset in
    /// its options, and should do so before it starts other processes.
    /// </summary>
    /// <param name="options">What to execute; null for this program with the same arguments and environment.</param>
    /// <remarks>
    /// The hand-over is refused, with the errno of the call, when the program cannot be executed; with EOPNOTSUPP when preserved memory is
    /// not shared; and with EBADF when a preserved descriptor was closed behind its handle's back.
    /// </remarks>
    [SupportedOSPlatform("linux")]
    public static ExecTarget Exec(ExecOptions? options = null) => new(options ?? new ExecOptions());

    /// <summary>
    /// Hands over to another process that runs beside this one: started here, or one that connects. Until the commit any failure ends
    /// it, and
    /// everything here goes on.
    /// </summary>
    /// <param name="options">Which process, and how long it may take; null to start this program again.</param>
    /// <remarks>
    /// The hand-over is refused with ENOENT, and the list, when the successor cannot retrieve something that is preserved; with
    /// EOPNOTSUPP when it reads
    /// other formats, or preserved memory is not shared; with EPIPE when it ends; with EPROTO when it does not keep to the protocol; with
    /// ETIMEDOUT; and with what it says itself.
    /// </remarks>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    [SupportedOSPlatform("linux")]
    public static SuccessorTarget Successor(SuccessorOptions? options = null) => new(options ?? new SuccessorOptions());

    /// <summary>
    /// Hands over by the service manager, systemd: memory and descriptors go into the service's file descriptor store, this process ends,
    /// and the manager gives them to the next one. For when the service is told to stop, as by SIGTERM.
    /// </summary>
    /// <param name="options">Time-outs, and how the manager is asked; null for the usual ones.</param>
    /// <remarks>
    /// The hand-over is refused with the id of the <see cref="PreflightFinding"/> where the manager cannot take this update: it is not
    /// there, it does not listen, or its store is too small. It is refused with ETIMEDOUT when the manager does not answer, with ENOSPC
    /// when it has not taken all, and with EBUSY when another hand-over of this process uses the store. See <c>docs/systemd.md</c>.
    /// </remarks>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    [SupportedOSPlatform("linux")]
    public static ServiceManagerTarget ServiceManager(ServiceManagerOptions? options = null) => new(options ?? new ServiceManagerOptions());

    /// <summary>The target as it stands in the image.</summary>
    internal abstract LuoCoreTarget Kind { get; }

    /// <summary>
    /// Whether handlers must ask the kernel about their descriptors at freeze: the next generation cannot call the hand-over off.
    /// </summary>
    internal abstract bool ChecksDescriptors { get; }

    /// <summary>
    /// Brings the program to rest after <see cref="Prepare"/>, while sessions can still be used; null if there is nothing to do.
    /// </summary>
    internal virtual Action<CancellationToken>? Quiesce => null;

    /// <summary>Takes <see cref="Quiesce"/> back when the hand-over is called off; null if there is nothing to do.</summary>
    internal virtual Action? Resume => null;

    /// <summary>What stands in the way of a hand-over now; changes nothing that a hand-over would not.</summary>
    internal virtual IReadOnlyList<PreflightFinding> Preflight(LiveUpdateEngine engine) => [];

    /// <summary>What can be done, and can fail, while sessions are still in use; leaves nothing behind when it throws.</summary>
    internal virtual void Prepare(LiveUpdateEngine engine, HandoverRun run, CancellationToken cancellationToken)
    {
    }

    /// <summary>The last chance to refuse before anything is frozen: the gate is closed, and nothing is preserved any more.</summary>
    internal virtual void BeforeFreeze(LiveUpdateEngine engine)
    {
    }

    /// <summary>Makes sure that nobody else acts, before anything is unfrozen; called when the hand-over is called off.</summary>
    internal virtual void CallOff()
    {
    }

    /// <summary>Gives back what <see cref="Prepare"/> took, however the hand-over ended.</summary>
    internal virtual void Release(LiveUpdateEngine engine)
    {
    }

    /// <summary>
    /// Moves memory and descriptors and commits; called frozen and serialized. Returns after the commit, or throws before it with
    /// everything of its own undone.
    /// </summary>
    internal abstract void Transfer(LiveUpdateEngine engine, HandoverRun run);
}
