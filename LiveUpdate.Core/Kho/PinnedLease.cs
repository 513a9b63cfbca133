using System.Buffers;

namespace LiveUpdate.Kho;

/// <summary>Ends a lease when a <see cref="MemoryHandle"/> is disposed.</summary>
internal sealed class PinnedLease(KhoMemoryLease lease) : IPinnable
{
    MemoryHandle IPinnable.Pin(int elementIndex) => throw new NotSupportedException("Pin the memory itself.");

    void IPinnable.Unpin() => lease.Dispose();
}
