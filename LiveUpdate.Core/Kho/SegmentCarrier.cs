using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Kho;

/// <summary>Gets every segment of memory that grows (<see cref="SegmentedMemory"/>) to the next generation.</summary>
/// <remarks>Called under the lock of the books: it takes no lock of the orchestrator's, and allocates nothing in the memory.</remarks>
internal abstract class SegmentCarrier
{
    /// <summary>Has a segment travel. The memory owns the descriptor, and keeps it open.</summary>
    /// <param name="number">0 for the first; one more for each that follows it in the memory.</param>
    /// <param name="segment">A memfd of its final size, wholly allocated.</param>
    /// <exception cref="LiveUpdateException">It cannot; the memory stays as it was.</exception>
    public abstract void Add(int number, SafeFileHandle segment);
}
