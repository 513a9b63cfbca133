namespace LiveUpdate;

/// <summary>How an update across a kernel is carried out.</summary>
public sealed class KernelTargetOptions
{
    /// <summary>
    /// The kernel to load before anything is frozen; null, the default, for the one that is loaded already. What the hand-over has loaded it
    /// unloads when it is called off.
    /// </summary>
    public KernelImage? Image { get; init; }

    /// <summary>
    /// Called before anything is frozen, while sessions are in use: for what must not be lost, since after the jump no process goes on.
    /// File systems are not synchronized by the library.
    /// </summary>
    public Action? BeforeKexec { get; init; }

    /// <summary>
    /// Brings the program to rest after that, while sessions can still be used. What it throws calls the hand-over off.
    /// </summary>
    public Action<CancellationToken>? Quiesce { get; init; }

    /// <summary>Takes <see cref="Quiesce"/> back when the hand-over is called off. What it throws is kept in the orchestrator's cleanup errors.</summary>
    public Action? Resume { get; init; }
}
