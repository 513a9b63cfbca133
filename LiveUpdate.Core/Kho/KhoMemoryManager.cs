using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LiveUpdate.Kho;

/// <summary>A stretch of preserved memory as <see cref="Memory{T}"/>, for writers and readers that do not take spans.</summary>
/// <remarks>Every access goes through <see cref="KhoMemory.GetSpan"/>, so memory that has been given up is an exception and not a crash.</remarks>
internal sealed unsafe class KhoMemoryManager(KhoMemory memory, PhysicalAddress address, int length) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => memory.GetSpan(address, length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, length);
        var lease = new PinnedLease(memory.Lease());
        // The memory does not move, and the lease keeps it mapped until the handle is disposed.
        return new MemoryHandle(Unsafe.AsPointer(ref MemoryMarshal.GetReference(GetSpan()[elementIndex..])), pinnable: lease);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
