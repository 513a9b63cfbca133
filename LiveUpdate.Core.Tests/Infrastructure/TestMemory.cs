namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A user's memory with holes: bytes from an offset on cannot be read, or none can be written.</summary>
internal sealed class TestMemory(byte[] bytes) : UserMemory
{
    private readonly UserBuffer _buffer = new(bytes);

    /// <summary>The first byte that cannot be read.</summary>
    public long ReadableTo { get; init; } = long.MaxValue;

    public bool CannotWrite { get; init; }

    public override bool TryRead(long offset, Span<byte> destination) =>
        offset + destination.Length <= ReadableTo && _buffer.TryRead(offset, destination);

    public override bool TryWrite(long offset, ReadOnlySpan<byte> source) => !CannotWrite && _buffer.TryWrite(offset, source);
}
