using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>A block of preserved memory: an entry of the preserved-memory map (reference 2.9).</summary>
/// <param name="Address">The first byte, aligned to the length.</param>
/// <param name="Order">The binary logarithm of the pages.</param>
public readonly record struct PreservedRange(PhysicalAddress Address, int Order)
{
    /// <summary>The length in bytes.</summary>
    public long Length => (long)LuoAbi.PageSize << Order;

    /// <summary>The number of pages, of 4096 bytes.</summary>
    public long Pages => 1L << Order;
}
