namespace LiveUpdate.Abi;

/// <summary>The constants of Kexec HandOver: root device tree, preserved-memory map and scattered arrays (reference 2.7 to 2.9).</summary>
public static class KhoAbi
{
    /// <summary>The compatible string of the root device tree.</summary>
    public const string Compatible = "kho-v4";

    /// <summary>The property of a node that names its format.</summary>
    public const string CompatibleProperty = "compatible";

    /// <summary>The property of the root node with the address of the preserved-memory map, a u64 in the CPU's byte order.</summary>
    public const string PreservedMemoryMapProperty = "preserved-memory-map";

    /// <summary>The property of a subtree with the address of its blob, a u64 in the CPU's byte order.</summary>
    public const string PreservedDataProperty = "preserved-data";

    /// <summary>The property of a subtree with the size of its blob in bytes, a u64 in the CPU's byte order.</summary>
    public const string BlobSizeProperty = "blob-size";

    /// <summary>The subtree with the device tree of named reserved memory.</summary>
    public const string MemblockSubtreeName = "memblock";

    /// <summary>The compatible string of the root node of the <see cref="MemblockSubtreeName"/> device tree.</summary>
    public const string MemblockCompatible = "memblock-v1";

    /// <summary>The compatible string of a region in the <see cref="MemblockSubtreeName"/> device tree.</summary>
    public const string ReserveMemCompatible = "reserve-mem-v1";

    /// <summary>The size in bytes that the root device tree may have: one page (reference A-60).</summary>
    public const int MaxFdtSize = LuoAbi.PageSize;

    /// <summary>The type of the x86 setup-data item that carries a <see cref="KhoSetupData"/>.</summary>
    public const uint SetupDataType = 10;

    /// <summary>The binary logarithm of the pages of the largest allocation (reference A-79).</summary>
    public const int MaxOrder = 10;

    /// <summary>The size of the largest allocation in bytes: 4 MiB; above it the answer is E2BIG.</summary>
    public const int MaxAllocationSize = LuoAbi.PageSize << MaxOrder;

    /// <summary>The levels of the preserved-memory map, the bitmaps included (reference A-70).</summary>
    public const int RadixLevels = 6;

    /// <summary>The bits of a key that pick an address at levels 1 to 5.</summary>
    public const int RadixTableShift = 9;

    /// <summary>The addresses in a page of levels 1 to 5.</summary>
    public const int RadixTableEntries = 1 << RadixTableShift;

    /// <summary>The bits of a key that pick a bit of a bitmap.</summary>
    public const int RadixLeafShift = 15;

    /// <summary>The bits of a bitmap page.</summary>
    public const int RadixLeafBits = 1 << RadixLeafShift;

    /// <summary>The bits that a key may have; a wider one is ERANGE (reference A-74).</summary>
    public const int RadixKeyBits = 53;

    /// <summary>The bit of a key that marks order 0; the marker of order n lies n bits lower (reference A-71).</summary>
    public const int RadixOrderZeroBit = RadixKeyBits - 1;

    /// <summary>The size in bytes of the descriptor of a scattered array.</summary>
    public const int VmallocSize = 16;

    /// <summary>The size in bytes of a chunk of a scattered array: one page.</summary>
    public const int VmallocChunkSize = LuoAbi.PageSize;

    /// <summary>The offset in bytes of the first address in a chunk; the address of the next chunk lies before it.</summary>
    public const int VmallocChunkHeaderSize = sizeof(ulong);

    /// <summary>The addresses that a chunk holds: (4096 − 8) / 8 = 511.</summary>
    public const int VmallocAddressesPerChunk = (VmallocChunkSize - VmallocChunkHeaderSize) / sizeof(ulong);

    /// <summary>Flag of a scattered array: a plain allocation.</summary>
    public const ushort VmallocPlain = 0x0001;

    /// <summary>Flag of a scattered array: huge mappings were allowed.</summary>
    public const ushort VmallocHugeMappings = 0x0002;

    /// <summary><see cref="Compatible"/> as it lies in memory, without its NUL.</summary>
    public static ReadOnlySpan<byte> CompatibleUtf8 => "kho-v4"u8;
}
