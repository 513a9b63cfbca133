using System.Runtime.InteropServices;

namespace LiveUpdate.Kho;

/// <summary>Keeps a <see cref="KhoMemory"/> mapped while it is open.</summary>
/// <remarks>Safe for threads. Must be disposed: one that is forgotten keeps the memory for the life of the process.</remarks>
public sealed class KhoMemoryLease : IDisposable
{
    private SafeHandle? _mapping;

    internal KhoMemoryLease(SafeHandle? mapping)
    {
        bool held = false;
        mapping?.DangerousAddRef(ref held);
        _mapping = mapping;
    }

    /// <summary>Ends the lease. Idempotent.</summary>
    public void Dispose() => Interlocked.Exchange(ref _mapping, null)?.DangerousRelease();
}
