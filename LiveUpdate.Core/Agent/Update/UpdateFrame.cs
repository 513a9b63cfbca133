using System.Buffers;
using System.Buffers.Binary;

namespace LiveUpdate.Agent;

/// <summary>The frames of the update socket: a little-endian u32, the length of all of it, and a MessagePack array.</summary>
internal static class UpdateFrame
{
    /// <summary>The bytes of the length.</summary>
    public const int HeaderLength = sizeof(uint);

    /// <summary>The shortest frame: an array without elements.</summary>
    public const int Shortest = HeaderLength + 1;

    /// <summary>The longest frame.</summary>
    public const int Longest = 65_536;

    /// <summary>The version of the protocol.</summary>
    public const int Version = 1;

    /// <summary>Makes room for the length.</summary>
    public static ArrayBufferWriter<byte> Begin()
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.GetSpan(HeaderLength)[..HeaderLength].Clear();
        buffer.Advance(HeaderLength);
        return buffer;
    }

    /// <summary>Puts the length in front of what was written.</summary>
    /// <exception cref="LiveUpdateException">EFBIG: it is longer than a frame may be.</exception>
    public static byte[] End(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.WrittenCount > Longest)
        {
            throw new LiveUpdateException(
                LiveUpdateError.FileTooLarge, $"A message of {buffer.WrittenCount} bytes: it has {Longest} at the most.");
        }

        byte[] frame = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)frame.Length);
        return frame;
    }

    /// <summary>Takes one frame off the front.</summary>
    /// <param name="buffer">What has arrived; without the frame afterwards.</param>
    /// <param name="payload">The frame without its length.</param>
    /// <returns>False if it has not arrived whole.</returns>
    /// <exception cref="LiveUpdateException">EPROTO: the length is out of range.</exception>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < HeaderLength)
            return false;
        Span<byte> header = stackalloc byte[HeaderLength];
        buffer.Slice(0, HeaderLength).CopyTo(header);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length is < Shortest or > Longest)
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"A message of {length} bytes: it has {Shortest} to {Longest}.");
        if (buffer.Length < length)
            return false;
        payload = buffer.Slice(HeaderLength, length - HeaderLength);
        buffer = buffer.Slice(length);
        return true;
    }
}
