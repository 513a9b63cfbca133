namespace LiveUpdate;

/// <summary>A request's argument in a buffer; beyond its end nothing can be read or written.</summary>
/// <param name="buffer">The bytes of the struct, its size first.</param>
public sealed class UserBuffer(Memory<byte> buffer) : UserMemory
{
    /// <inheritdoc/>
    public override bool TryRead(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > buffer.Length - destination.Length)
            return false;
        buffer.Span.Slice((int)offset, destination.Length).CopyTo(destination);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWrite(long offset, ReadOnlySpan<byte> source)
    {
        if (offset < 0 || offset > buffer.Length - source.Length)
            return false;
        source.CopyTo(buffer.Span[(int)offset..]);
        return true;
    }
}
