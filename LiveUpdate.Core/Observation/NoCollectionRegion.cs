using System.Runtime;

namespace LiveUpdate;

/// <summary>
/// Holds garbage collections off while so many bytes are allocated. Beginning one may collect first, so it is begun before anything freezes.
/// </summary>
/// <remarks>There is one of a process: where the program has one of its own, that is left alone and serves.</remarks>
internal sealed class NoCollectionRegion : IDisposable
{
    private NoCollectionRegion()
    {
    }

    /// <summary>Begins one.</summary>
    /// <returns>Null if none was asked for, or it is not possible; then collections may happen.</returns>
    public static NoCollectionRegion? TryBegin(long bytes)
    {
        if (bytes == 0)
            return null;
        try
        {
            return GC.TryStartNoGCRegion(bytes) ? new NoCollectionRegion() : null;
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or InvalidOperationException)
        {
            // More than the collector can hold ready, or the program holds collections off itself.
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A collection ends the region by itself, when more was allocated or somebody asked for one.
        if (GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
            return;
        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
        }
    }
}
