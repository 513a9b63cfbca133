using System.Buffers;

namespace LiveUpdate;

/// <summary>Counts what is written and throws it away.</summary>
internal sealed class MeasuringBufferWriter : IBufferWriter<byte>, IDisposable
{
    private const int SmallestBuffer = 4096;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(SmallestBuffer);

    /// <summary>The bytes that were written.</summary>
    public long Written { get; private set; }

    /// <summary>The longest span that was asked for, in bytes.</summary>
    public int LargestSpan { get; private set; }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length);
        Written += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        LargestSpan = Math.Max(LargestSpan, sizeHint);
        if (sizeHint > _buffer.Length)
        {
            byte[] grown = ArrayPool<byte>.Shared.Rent(sizeHint);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = grown;
        }

        return _buffer;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
