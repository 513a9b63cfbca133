namespace LiveUpdate.Kho;

/// <summary>Memory that a predecessor preserved, for readers that must not trust it: a generation's, or a captured image's.</summary>
public interface IIncomingMemory
{
    /// <summary>Finds a named entry of the predecessor's device tree.</summary>
    /// <param name="name">The name, e.g. <c>LUO</c>.</param>
    /// <param name="subtree">Where its blob lies. Not checked against the memory; <see cref="GetIncomingSpan"/> does that.</param>
    /// <returns>False if there is no hand-over or no entry of that name (reference A-63: ENOENT).</returns>
    /// <exception cref="LiveUpdateImageException">The entry is damaged (A-63: EINVAL).</exception>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    bool TryGetSubtree(string name, out KhoSubtree subtree);

    /// <summary>Whether a range lies in memory that the predecessor preserved and that nobody has freed since.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="length">The length in bytes; negative or 0 is false.</param>
    bool IsIncoming(PhysicalAddress address, long length);

    /// <summary>Whether a preserved block starts at an address and has not been restored.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="order">The binary logarithm of its pages.</param>
    bool IsRestorable(PhysicalAddress address, out int order);

    /// <summary>The bytes of a range that must lie in memory that the predecessor preserved.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="length">The length in bytes, at least 1.</param>
    /// <param name="what">What lies there, for the message.</param>
    /// <returns>The memory itself: copy a record once, then check and use the copy.</returns>
    /// <exception cref="LiveUpdateImageException">A part of the range was not preserved (EINVAL).</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive.</exception>
    ReadOnlySpan<byte> GetIncomingSpan(PhysicalAddress address, int length, string what);
}
