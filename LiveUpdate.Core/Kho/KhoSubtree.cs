namespace LiveUpdate.Kho;

/// <summary>Where the blob of a named entry of the root device tree lies (reference, part 1: subtree).</summary>
/// <param name="Address">The first byte of the blob.</param>
/// <param name="Size">Its size in bytes. From a predecessor: not checked against the memory; reading the blob does that.</param>
public readonly record struct KhoSubtree(PhysicalAddress Address, long Size);
