namespace LiveUpdate;

/// <summary>
/// The memory that a request's argument lies in: the kernel's view of a user's pointer, which may fail to be read or written.
/// </summary>
/// <remarks>The seam through which EFAULT comes in (reference U-02, U-07, U-08, U-24). Offsets are in bytes from the argument's start.</remarks>
public abstract class UserMemory
{
    /// <summary>Reads bytes.</summary>
    /// <param name="offset">Where they begin.</param>
    /// <param name="destination">Gets them.</param>
    /// <returns>False if a byte cannot be read: EFAULT.</returns>
    public abstract bool TryRead(long offset, Span<byte> destination);

    /// <summary>Writes bytes.</summary>
    /// <param name="offset">Where they begin.</param>
    /// <param name="source">The bytes.</param>
    /// <returns>False if a byte cannot be written: EFAULT.</returns>
    public abstract bool TryWrite(long offset, ReadOnlySpan<byte> source);
}
