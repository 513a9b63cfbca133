using System.Runtime.Versioning;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>
/// What a generation that is gone left for this process: its memory, and its descriptors under numbers that are open here.
/// </summary>
/// <remarks>
/// Nothing is taken until the boot has succeeded: one that failed, as for a handler that was registered twice, can be tried again.
/// </remarks>
[SupportedOSPlatform("linux")]
internal abstract class Arrival
{
    /// <summary>Looks whether anything was left.</summary>
    /// <returns>Null for a cold start.</returns>
    /// <exception cref="LiveUpdateImageException">What says so cannot be read.</exception>
    public static Arrival? Find() => (Arrival?)ExecArrival.Find() ?? ServiceManagerArrival.Find();

    /// <summary>Maps the memory.</summary>
    /// <returns>The memory, on a descriptor of its own; null if what was left is no hand-over, and only has to be cleared away.</returns>
    /// <exception cref="LiveUpdateImageException">What should be the memory is no memory of a generation.</exception>
    /// <exception cref="LiveUpdateException">The system has no room for the mapping.</exception>
    public abstract KhoMemory? OpenMemory();

    /// <summary>Checks that memory and descriptors are what was left; all of them are close-on-exec afterwards.</summary>
    /// <exception cref="LiveUpdateImageException">They are not.</exception>
    public abstract void Check(LiveUpdateEngine engine);

    /// <summary>
    /// Takes everything: the descriptors belong to the engine from here on, and another boot of this process starts cold.
    /// </summary>
    public abstract void Adopt(LiveUpdateEngine engine);
}
