using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>Writes into a <see cref="PreservedRoom"/>, without gaps and without allocating managed memory.</summary>
/// <remarks>
/// <para>A span that does not fit what is left of a block comes from memory beside it and is copied when it is advanced over. So a span may
/// be longer than 4 MiB, as a serializer wants it for one long text, and the room is filled to its last byte.</para>
/// <para>May be used over and over (<see cref="Reset"/>). Not safe for threads.</para>
/// </remarks>
public sealed class PreservedBufferWriter : IBufferWriter<byte>, IDisposable
{
    private const int SmallestScratch = 512;

    private readonly Memory<byte>[] _blocks;
    private readonly ScratchMemory _scratch;
    private readonly long _capacity;
    private int _block;
    private int _offset;
    private int _given;
    private bool _givenScratch;
    private bool _disposed;

    /// <summary>Makes a writer at the start of the room.</summary>
    /// <param name="room">The room; still the caller's, and to be kept as long as the writer.</param>
    /// <param name="largestSpan">
    /// The longest span that will be asked for, in bytes, if that is more than three times the room, which suffices for any text that fits,
    /// and more than 16 MiB.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="room"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="largestSpan"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException">No memory for the longest span.</exception>
    public PreservedBufferWriter(PreservedRoom room, int largestSpan = 0)
        : this(room, new ScratchMemory(), largestSpan)
    {
    }

    internal PreservedBufferWriter(PreservedRoom room, ScratchMemory scratch, int largestSpan)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentOutOfRangeException.ThrowIfNegative(largestSpan);
        _blocks = new Memory<byte>[room.Ranges.Count];
        for (int i = 0; i < _blocks.Length; i++)
            _blocks[i] = room.GetMemory(i);
        _capacity = room.Capacity;
        scratch.AddUser(Math.Max(largestSpan, ScratchMemory.LengthFor(_capacity)));
        _scratch = scratch;
    }

    /// <summary>How many bytes have been written.</summary>
    public long Written { get; private set; }

    /// <summary>Whether something was refused for want of room since the last <see cref="Reset"/>.</summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>Starts again at the beginning of the room.</summary>
    public void Reset()
    {
        (_block, _offset, _given, _givenScratch) = (0, 0, 0, false);
        Written = 0;
        HasOverflowed = false;
    }

    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">The span is longer than anything that could fit (ENOSPC).</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sizeHint"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The writer has been disposed.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ObjectDisposedException.ThrowIf(_disposed, this);
        int needed = Math.Max(sizeHint, 1);
        if (_block < _blocks.Length && _offset == _blocks[_block].Length)
            (_block, _offset) = (_block + 1, 0);

        Memory<byte> memory;
        if (_block < _blocks.Length && _blocks[_block].Length - _offset >= needed)
        {
            memory = _blocks[_block][_offset..];
            _givenScratch = false;
        }
        else
        {
            if (needed > _scratch.Length)
                ThrowTooLong(needed);
            memory = _scratch.Memory[..Math.Max(needed, Math.Min(SmallestScratch, _scratch.Length))];
            _givenScratch = true;
        }

        _given = memory.Length;
        return memory;
    }

    /// <inheritdoc cref="GetMemory"/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">The room is too small for these bytes (ENOSPC).</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative, or more than the last span had.</exception>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _given);
        if (_givenScratch)
            CopyFromScratch(count);
        else
            _offset += count;
        Written += count;
        _given = 0;
    }

    /// <summary>The CRC-32C of what has been written.</summary>
    public uint ComputeChecksum()
    {
        var crc = default(Crc32C);
        long left = Written;
        for (int i = 0; left > 0; i++)
        {
            int length = (int)Math.Min(left, _blocks[i].Length);
            crc.Append(_blocks[i].Span[..length]);
            left -= length;
        }

        return crc.Value;
    }

    /// <summary>Gives up the memory beside the room; the room stays the caller's. Idempotent.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _scratch.RemoveUser();
    }

    private void CopyFromScratch(int count)
    {
        if (count > _capacity - Written)
            ThrowNoRoom(count);
        ReadOnlySpan<byte> source = _scratch.GetSpan()[..count];
        while (!source.IsEmpty)
        {
            if (_offset == _blocks[_block].Length)
                (_block, _offset) = (_block + 1, 0);
            Span<byte> rest = _blocks[_block].Span[_offset..];
            int length = Math.Min(rest.Length, source.Length);
            source[..length].CopyTo(rest);
            source = source[length..];
            _offset += length;
        }
    }

    [DoesNotReturn]
    private void ThrowTooLong(int length)
    {
        HasOverflowed = true;
        throw new LiveUpdateException(
            LiveUpdateError.NoSpace, $"A span of {length} bytes was asked for; the longest for a room of {_capacity} is {_scratch.Length}.");
    }

    [DoesNotReturn]
    private void ThrowNoRoom(long bytes)
    {
        HasOverflowed = true;
        throw new LiveUpdateException(
            LiveUpdateError.NoSpace, $"{bytes} bytes do not fit: {Written} of {_capacity} bytes of the reserved room are used.");
    }
}
