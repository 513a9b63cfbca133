using System.Buffers.Binary;
using System.Text;

namespace LiveUpdate.Kho;

/// <summary>Writes a flattened device tree, version 17, into a span, in one pass and without allocation.</summary>
/// <remarks>
/// The strings are kept at the end of the span until <see cref="Finish"/> moves them behind the nodes. <see cref="AddString"/> fixes the
/// order of the strings where it matters; a property whose name is new adds it.
/// </remarks>
internal ref struct FlattenedDeviceTreeWriter
{
    private const int StructureStart = FlattenedDeviceTree.HeaderSize + FlattenedDeviceTree.ReserveMapSize;

    private readonly Span<byte> _buffer;
    private int _position;
    private int _stringsSize;
    private int _depth;

    /// <summary>Begins a tree.</summary>
    /// <param name="buffer">Where it is written; what lies there is overwritten.</param>
    /// <exception cref="ArgumentException">The buffer is too small for the header.</exception>
    public FlattenedDeviceTreeWriter(Span<byte> buffer)
    {
        _buffer = buffer;
        _position = StructureStart;
        if (buffer.Length < StructureStart)
            throw TooSmall();
        buffer.Clear();
    }

    /// <summary>Enters a property name in the table of strings, if it is not there yet.</summary>
    /// <returns>Its offset in the table, in bytes.</returns>
    /// <exception cref="ArgumentException">The buffer is full.</exception>
    public int AddString(scoped ReadOnlySpan<byte> name)
    {
        Span<byte> strings = _buffer[^_stringsSize..];
        for (int offset = 0; offset < strings.Length;)
        {
            int length = strings[offset..].IndexOf((byte)0);
            if (strings.Slice(offset, length).SequenceEqual(name))
                return offset;
            offset += length + 1;
        }
        Require(name.Length + 1);
        int added = _stringsSize;
        _stringsSize += name.Length + 1;
        strings.CopyTo(_buffer[^_stringsSize..]);
        Span<byte> last = _buffer[^(name.Length + 1)..];
        name.CopyTo(last);
        last[^1] = 0;
        return added;
    }

    /// <summary>Begins a node in the current one; the root is named "".</summary>
    /// <exception cref="ArgumentException">The buffer is full.</exception>
    public void BeginNode(string name)
    {
        int length = Encoding.UTF8.GetByteCount(name);
        int size = FlattenedDeviceTree.Align(length + 1);
        Require(sizeof(uint) + size);
        Write(FlattenedDeviceTree.BeginNode);
        Encoding.UTF8.GetBytes(name, _buffer.Slice(_position, length));
        _buffer.Slice(_position + length, size - length).Clear();
        _position += size;
        _depth++;
    }

    /// <summary>Writes a property of the current node; properties come before subnodes.</summary>
    /// <exception cref="ArgumentException">The buffer is full.</exception>
    public void Property(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        int nameOffset = AddString(name);
        int size = FlattenedDeviceTree.Align(value.Length);
        Require((3 * sizeof(uint)) + size);
        Write(FlattenedDeviceTree.Property);
        Write((uint)value.Length);
        Write((uint)nameOffset);
        value.CopyTo(_buffer[_position..]);
        _buffer.Slice(_position + value.Length, size - value.Length).Clear();
        _position += size;
    }

    /// <summary>Writes a property that is a u64 in the CPU's byte order (reference A-01).</summary>
    /// <exception cref="ArgumentException">The buffer is full.</exception>
    public void Property(scoped ReadOnlySpan<byte> name, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Property(name, bytes);
    }

    /// <summary>Ends the current node.</summary>
    /// <exception cref="InvalidOperationException">No node is open.</exception>
    /// <exception cref="ArgumentException">The buffer is full.</exception>
    public void EndNode()
    {
        if (_depth == 0)
            throw new InvalidOperationException("No node is open.");
        Require(sizeof(uint));
        Write(FlattenedDeviceTree.EndNode);
        _depth--;
    }

    /// <summary>Ends the tree.</summary>
    /// <returns>Its size in bytes.</returns>
    /// <exception cref="InvalidOperationException">A node is still open.</exception>
    /// <exception cref="ArgumentException">The buffer is full.</exception>
    public int Finish()
    {
        if (_depth != 0)
            throw new InvalidOperationException("A node is still open.");
        Require(sizeof(uint));
        Write(FlattenedDeviceTree.End);
        int strings = _position;
        _buffer[^_stringsSize..].CopyTo(_buffer[strings..]);
        int total = strings + _stringsSize;
        _buffer[total..].Clear();
        Header(FlattenedDeviceTree.OffsetMagic, FlattenedDeviceTree.Magic);
        Header(FlattenedDeviceTree.OffsetTotalSize, (uint)total);
        Header(FlattenedDeviceTree.OffsetStructure, StructureStart);
        Header(FlattenedDeviceTree.OffsetStrings, (uint)strings);
        Header(FlattenedDeviceTree.OffsetReserveMap, FlattenedDeviceTree.HeaderSize);
        Header(FlattenedDeviceTree.OffsetVersion, FlattenedDeviceTree.Version);
        Header(FlattenedDeviceTree.OffsetLastCompatible, FlattenedDeviceTree.LastCompatibleVersion);
        Header(FlattenedDeviceTree.OffsetStringsSize, (uint)_stringsSize);
        Header(FlattenedDeviceTree.OffsetStructureSize, (uint)(strings - StructureStart));
        return total;
    }

    private readonly void Header(int offset, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_buffer[offset..], value);

    private void Write(uint token)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer[_position..], token);
        _position += sizeof(uint);
    }

    private readonly void Require(int bytes)
    {
        if (bytes > _buffer.Length - _stringsSize - _position)
            throw TooSmall();
    }

    private static ArgumentException TooSmall() => new("The buffer is too small for the device tree.", "buffer");
}
