using System.Buffers.Binary;
using System.Text;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>The root device tree of a hand-over (reference 2.8): the address of the preserved-memory map and the named subtrees.</summary>
/// <remarks>Subtrees are kept and written newest first (reference A-65). Not safe for threads.</remarks>
internal sealed class KhoRootTree
{
    private const string Structure = "KHO device tree";
    private const int PropertySize = (3 * sizeof(uint)) + sizeof(ulong);

    private readonly List<Entry> _subtrees = [];

    /// <summary>Makes a tree without subtrees.</summary>
    public KhoRootTree(PhysicalAddress preservedMemoryMap) => PreservedMemoryMap = preservedMemoryMap;

    /// <summary>The root page of the preserved-memory map.</summary>
    public PhysicalAddress PreservedMemoryMap { get; }

    /// <summary>The names of the subtrees, in the order of the tree.</summary>
    public IReadOnlyList<string> Names => [.. _subtrees.Select(entry => entry.Name)];

    /// <summary>Reads a tree.</summary>
    /// <param name="blob">The bytes, copied by the caller if somebody else can write them.</param>
    /// <param name="address">Where they lay, for messages.</param>
    /// <exception cref="LiveUpdateImageException">
    /// The tree is damaged, is not of <c>kho-v4</c>, or <c>preserved-memory-map</c> is missing, of wrong length or 0 (reference A-64;
    /// EINVAL).
    /// </exception>
    public static KhoRootTree Read(ReadOnlySpan<byte> blob, PhysicalAddress address)
    {
        var reader = new FlattenedDeviceTreeReader(blob, address);
        bool compatible = false;
        ulong? map = null;
        List<Entry> subtrees = [];
        while (reader.Read())
        {
            if (reader is { Item: FlattenedDeviceTreeItem.BeginNode, Depth: 2 })
                subtrees.Add(new Entry { Name = Encoding.UTF8.GetString(reader.Name), Offset = reader.Offset });
            if (reader.Item != FlattenedDeviceTreeItem.Property)
                continue;
            if (reader.Depth == 2)
            {
                if (reader.Name.SequenceEqual(PreservedData))
                    subtrees[^1].SetAddress(reader.Value);
                else if (reader.Name.SequenceEqual(BlobSize))
                    subtrees[^1].SetSize(reader.Value);
            }
            else if (reader.Depth == 1 && reader.Name.SequenceEqual(CompatibleName))
            {
                compatible = Lists(reader.Value, KhoAbi.CompatibleUtf8);
                if (!compatible)
                    throw Bad(address, reader.Offset, KhoAbi.Compatible, Encoding.UTF8.GetString(reader.Value).Replace('\0', ' ').Trim());
            }
            else if (reader.Depth == 1 && reader.Name.SequenceEqual(MemoryMap))
            {
                if (reader.Value.Length != sizeof(ulong))
                    throw Bad(address, reader.Offset, "preserved-memory-map of 8 bytes", $"{reader.Value.Length} bytes");
                map = BinaryPrimitives.ReadUInt64LittleEndian(reader.Value);
            }
        }
        if (!compatible)
            throw Bad(address, 0, "the property compatible", "none");
        if (map is null or 0)
            throw Bad(address, 0, "the property preserved-memory-map with an address", map is null ? "none" : "0");
        var tree = new KhoRootTree(new PhysicalAddress(map.Value));
        tree._subtrees.AddRange(subtrees);
        return tree;
    }

    /// <summary>Finds a subtree; of two with one name, the first.</summary>
    /// <returns>False if there is none of that name (reference A-63: ENOENT).</returns>
    /// <exception cref="LiveUpdateImageException">
    /// A property is missing or not 8 bytes long, or the size is above 2^63 - 1 (A-63: EINVAL).
    /// </exception>
    public bool TryGet(string name, out KhoSubtree subtree)
    {
        subtree = default;
        if (_subtrees.Find(entry => entry.Name == name) is not { } found)
            return false;
        subtree = found.Get();
        return true;
    }

    /// <summary>Adds a subtree.</summary>
    /// <returns>None, EEXIST for a name that is there, or ENOMEM when the page would be full (reference A-62).</returns>
    public LiveUpdateError Add(string name, KhoSubtree subtree)
    {
        if (_subtrees.Exists(entry => entry.Name == name))
            return LiveUpdateError.Exists;
        var entry = new Entry { Name = name, Address = subtree.Address.Value, Size = (ulong)subtree.Size };
        _subtrees.Insert(0, entry);
        if (EncodedLength <= KhoAbi.MaxFdtSize)
            return LiveUpdateError.None;
        _subtrees.RemoveAt(0);
        return LiveUpdateError.OutOfMemory;
    }

    /// <summary>Removes a subtree.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(string name) => _subtrees.RemoveAll(entry => entry.Name == name) > 0;

    /// <summary>Writes the tree.</summary>
    /// <param name="page">At least <see cref="EncodedLength"/> bytes; those behind the tree become zero.</param>
    /// <returns>The size of the tree in bytes.</returns>
    public int Write(Span<byte> page)
    {
        var writer = new FlattenedDeviceTreeWriter(page);
        writer.AddString(MemoryMap);
        writer.AddString(CompatibleName);
        if (_subtrees.Count > 0)
        {
            writer.AddString(PreservedData);
            writer.AddString(BlobSize);
        }
        writer.BeginNode("");
        writer.Property(CompatibleName, "kho-v4\0"u8);
        writer.Property(MemoryMap, PreservedMemoryMap.Value);
        foreach (Entry entry in _subtrees)
        {
            writer.BeginNode(entry.Name);
            writer.Property(BlobSize, entry.Size!.Value);
            writer.Property(PreservedData, entry.Address!.Value);
            writer.EndNode();
        }
        writer.EndNode();
        return writer.Finish();
    }

    /// <summary>The size of the tree in bytes, when it is written.</summary>
    public int EncodedLength
    {
        get
        {
            int length = FlattenedDeviceTree.HeaderSize + FlattenedDeviceTree.ReserveMapSize;
            length += MemoryMap.Length + 1 + CompatibleName.Length + 1;
            // Root node: begin, name, end, and the end of the tree; then its two properties.
            length += (4 * sizeof(uint)) + (3 * sizeof(uint)) + FlattenedDeviceTree.Align(KhoAbi.CompatibleUtf8.Length + 1) + PropertySize;
            if (_subtrees.Count > 0)
                length += PreservedData.Length + 1 + BlobSize.Length + 1;
            foreach (Entry entry in _subtrees)
                length += (2 * sizeof(uint)) + FlattenedDeviceTree.Align(Encoding.UTF8.GetByteCount(entry.Name) + 1) + (2 * PropertySize);
            return length;
        }
    }

    private static ReadOnlySpan<byte> CompatibleName => "compatible"u8;

    private static ReadOnlySpan<byte> MemoryMap => "preserved-memory-map"u8;

    private static ReadOnlySpan<byte> PreservedData => "preserved-data"u8;

    private static ReadOnlySpan<byte> BlobSize => "blob-size"u8;

    private static bool Lists(ReadOnlySpan<byte> strings, ReadOnlySpan<byte> text)
    {
        foreach (Range part in strings.Split((byte)0))
        {
            // The last part has no NUL behind it, and is a string of the list only if it is empty.
            if (part.End.GetOffset(strings.Length) < strings.Length && strings[part].SequenceEqual(text))
                return true;
        }
        return false;
    }

    private static LiveUpdateImageException Bad(PhysicalAddress address, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, Structure, address, offset, expected, found);

    private sealed class Entry
    {
        private string? _defect;

        public required string Name { get; init; }

        public int Offset { get; init; }

        public ulong? Address { get; set; }

        public ulong? Size { get; set; }

        public void SetAddress(ReadOnlySpan<byte> value) => Address = Parse("preserved-data", value);

        public void SetSize(ReadOnlySpan<byte> value) => Size = Parse("blob-size", value);

        public KhoSubtree Get()
        {
            if (_defect is null && Address is { } address && Size is <= long.MaxValue and { } size)
                return new KhoSubtree(new PhysicalAddress(address), (long)size);
            throw Bad(
                PhysicalAddress.None,
                Offset,
                $"preserved-data and blob-size of 8 bytes in the node {Name}",
                _defect ?? (Address is null ? "no preserved-data" : Size is null ? "no blob-size" : $"a size of {Size} bytes"));
        }

        private ulong? Parse(string name, ReadOnlySpan<byte> value)
        {
            if (value.Length == sizeof(ulong))
                return BinaryPrimitives.ReadUInt64LittleEndian(value);
            _defect ??= $"{name} of {value.Length} bytes";
            return null;
        }
    }
}
