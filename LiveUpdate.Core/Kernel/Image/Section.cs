namespace LiveUpdate;

/// <summary>Some bytes of a stream, from where it stands.</summary>
/// <param name="stream">The stream; owned.</param>
/// <param name="length">How many.</param>
internal sealed class Section(Stream stream, long length) : ReadOnlyStream(stream)
{
    private long _position;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count = Inner.Read(buffer[..(int)Math.Min(length - _position, buffer.Length)]);
        _position += count;
        return count;
    }
}
