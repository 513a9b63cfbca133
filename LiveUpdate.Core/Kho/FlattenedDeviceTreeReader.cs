using System.Buffers.Binary;

namespace LiveUpdate.Kho;

/// <summary>Reads a flattened device tree item by item, trusting nothing in it.</summary>
/// <remarks>Every step moves on by at least four bytes, so that the work is bounded by the size of the tree.</remarks>
internal ref struct FlattenedDeviceTreeReader
{
    private const string Structure = "device tree";
    private const int MaxDepth = 32;
    private const int MaxNameLength = 256;

    private readonly ReadOnlySpan<byte> _blob;
    private readonly PhysicalAddress _address;
    private readonly int _structureEnd;
    private readonly int _stringsStart;
    private readonly int _stringsEnd;
    private int _position;
    private bool _ended;
    private bool _propertiesEnded;

    /// <summary>Checks the header and begins to read.</summary>
    /// <param name="blob">The tree; what comes after its total size is ignored.</param>
    /// <param name="address">Where it lies, for messages.</param>
    /// <exception cref="LiveUpdateImageException">The header is invalid (EINVAL).</exception>
    public FlattenedDeviceTreeReader(ReadOnlySpan<byte> blob, PhysicalAddress address)
    {
        _address = address;
        _blob = blob;
        if (blob.Length < FlattenedDeviceTree.HeaderSize)
            throw Bad(0, $"at least {FlattenedDeviceTree.HeaderSize} bytes", $"{blob.Length} bytes");
        if (U32(FlattenedDeviceTree.OffsetMagic) != FlattenedDeviceTree.Magic)
            throw Bad(FlattenedDeviceTree.OffsetMagic, "the magic number 0xd00dfeed", $"0x{U32(FlattenedDeviceTree.OffsetMagic):x}");
        uint total = U32(FlattenedDeviceTree.OffsetTotalSize);
        if (total < FlattenedDeviceTree.HeaderSize || total > (uint)blob.Length)
            throw Bad(FlattenedDeviceTree.OffsetTotalSize, $"{FlattenedDeviceTree.HeaderSize} to {blob.Length} bytes in all", $"{total}");
        uint version = U32(FlattenedDeviceTree.OffsetVersion), last = U32(FlattenedDeviceTree.OffsetLastCompatible);
        if (version < FlattenedDeviceTree.Version || last > FlattenedDeviceTree.Version)
            throw Bad(FlattenedDeviceTree.OffsetVersion, "what a reader of version 17 can read", $"{version}, last compatible {last}");
        _blob = blob[..(int)total];
        (_position, _structureEnd) = Block(FlattenedDeviceTree.OffsetStructure, FlattenedDeviceTree.OffsetStructureSize);
        (_stringsStart, _stringsEnd) = Block(FlattenedDeviceTree.OffsetStrings, FlattenedDeviceTree.OffsetStringsSize);
        if (_position % sizeof(uint) != 0)
            throw Bad(FlattenedDeviceTree.OffsetStructure, "a multiple of 4", $"{_position}");
    }

    /// <summary>What it is.</summary>
    public FlattenedDeviceTreeItem Item { get; private set; }

    /// <summary>The name of the node that begins, or of the property, without NUL.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The value of the property.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>How many nodes are open, the one that begins included: 1 in the root.</summary>
    public int Depth { get; private set; }

    /// <summary>The offset of the item in the tree, in bytes.</summary>
    public int Offset { get; private set; }

    /// <summary>Moves to the next item.</summary>
    /// <returns>False at the end of the tree.</returns>
    /// <exception cref="LiveUpdateImageException">The tree is damaged (EINVAL).</exception>
    public bool Read()
    {
        if (_ended)
            return false;
        uint token;
        do
        {
            Offset = _position;
            token = Next("a token");
        }
        while (token == FlattenedDeviceTree.Nop);
        if (Depth == 0 && Item == FlattenedDeviceTreeItem.EndNode && token != FlattenedDeviceTree.End)
            throw Bad(Offset, "the end after the root node", $"token {token}");
        switch (token)
        {
            case FlattenedDeviceTree.BeginNode:
                BeginNode();
                return true;
            case FlattenedDeviceTree.Property when Depth > 0 && !_propertiesEnded:
                Property();
                return true;
            case FlattenedDeviceTree.EndNode when Depth > 0:
                Depth--;
                _propertiesEnded = true;
                Item = FlattenedDeviceTreeItem.EndNode;
                return true;
            case FlattenedDeviceTree.End when Depth == 0 && Item == FlattenedDeviceTreeItem.EndNode:
                Item = FlattenedDeviceTreeItem.None;
                _ended = true;
                return false;
            default:
                throw Bad(Offset, "a token that may stand here", $"token {token}, {Depth} nodes open");
        }
    }

    private void BeginNode()
    {
        if (++Depth > MaxDepth)
            throw Bad(Offset, $"at most {MaxDepth} nodes within each other", "more");
        Name = Text(_position, _structureEnd);
        _position = Math.Min(FlattenedDeviceTree.Align(_position + Name.Length + 1), _structureEnd);
        _propertiesEnded = false;
        Item = FlattenedDeviceTreeItem.BeginNode;
    }

    private void Property()
    {
        uint length = Next("the length of a property"), name = Next("the name of a property");
        if (length > (uint)(_structureEnd - _position))
            throw Bad(Offset + sizeof(uint), $"a length of at most {_structureEnd - _position} bytes", $"{length}");
        if (name >= (uint)(_stringsEnd - _stringsStart))
            throw Bad(Offset + (2 * sizeof(uint)), $"an offset below {_stringsEnd - _stringsStart}", $"{name}");
        Name = Text(_stringsStart + (int)name, _stringsEnd);
        Value = _blob.Slice(_position, (int)length);
        _position = Math.Min(FlattenedDeviceTree.Align(_position + (int)length), _structureEnd);
        Item = FlattenedDeviceTreeItem.Property;
    }

    private readonly ReadOnlySpan<byte> Text(int start, int end)
    {
        ReadOnlySpan<byte> field = _blob[start..Math.Min(end, start + MaxNameLength)];
        int length = field.IndexOf((byte)0);
        return length >= 0 ? field[..length] : throw Bad(start, $"a name that ends within {field.Length} bytes", "no NUL");
    }

    private uint Next(string what)
    {
        if (_structureEnd - _position < sizeof(uint))
            throw Bad(_position, what, "the end of the nodes");
        uint value = U32(_position);
        _position += sizeof(uint);
        return value;
    }

    private readonly (int Start, int End) Block(int offsetField, int sizeField)
    {
        uint offset = U32(offsetField), size = U32(sizeField);
        if (offset < FlattenedDeviceTree.HeaderSize || offset > (uint)_blob.Length)
            throw Bad(offsetField, $"an offset of {FlattenedDeviceTree.HeaderSize} to {_blob.Length}", $"{offset}");
        if (size > (uint)_blob.Length - offset)
            throw Bad(sizeField, $"a size of at most {(uint)_blob.Length - offset} bytes", $"{size}");
        return ((int)offset, (int)(offset + size));
    }

    private readonly uint U32(int offset) => BinaryPrimitives.ReadUInt32BigEndian(_blob[offset..]);

    private readonly LiveUpdateImageException Bad(int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, Structure, _address, offset, expected, found);
}
