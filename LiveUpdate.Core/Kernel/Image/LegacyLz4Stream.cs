using System.Buffers.Binary;
using K4os.Compression.LZ4;

namespace LiveUpdate;

/// <summary>
/// The form of LZ4 that kernels are packed in: a magic number, then blocks of at most 8 MiB, each behind its packed size. The package has
/// the blocks, and of the forms around them only the newer one.
/// </summary>
/// <param name="packed">What is packed.</param>
/// <param name="length">Its bytes.</param>
internal sealed class LegacyLz4Stream(Stream packed, long length) : ReadOnlyStream(packed)
{
    private const int BlockSize = 8 << 20;
    private const uint Magic = 0x184c2102;

    private readonly byte[] _packed = new byte[LZ4Codec.MaximumOutputSize(BlockSize)];
    private readonly byte[] _block = new byte[BlockSize];
    private long _left = length;
    private int _position;
    private int _count;

    public override int Read(Span<byte> buffer)
    {
        if (_position == _count && !ReadBlock())
            return 0;
        int count = Math.Min(buffer.Length, _count - _position);
        _block.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    private bool ReadBlock()
    {
        uint size;
        Span<byte> head = stackalloc byte[sizeof(uint)];
        do
        {
            if (_left < sizeof(uint))
                return false;
            Inner.ReadExactly(head);
            _left -= sizeof(uint);
            size = BinaryPrimitives.ReadUInt32LittleEndian(head);
        }
        while (size == Magic);

        if (size > _packed.Length || size > _left)
            throw new InvalidDataException($"a block of LZ4 has {size} bytes, and {Math.Min(_left, _packed.Length)} are possible");
        Span<byte> packed = _packed.AsSpan(0, (int)size);
        Inner.ReadExactly(packed);
        _left -= size;
        _position = 0;
        _count = LZ4Codec.Decode(packed, _block);
        return _count > 0 ? true : throw new InvalidDataException("a block of LZ4 cannot be unpacked");
    }
}
