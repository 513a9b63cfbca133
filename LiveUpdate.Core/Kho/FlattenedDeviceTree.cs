namespace LiveUpdate.Kho;

/// <summary>The numbers of the flattened device tree format, version 17; all fields are big-endian.</summary>
internal static class FlattenedDeviceTree
{
    public const uint Magic = 0xD00D_FEED;
    public const uint Version = 17;
    public const uint LastCompatibleVersion = 16;
    public const int HeaderSize = 40;

    /// <summary>The map of reserved memory that is always there: one entry of zeros.</summary>
    public const int ReserveMapSize = 16;

    public const int OffsetMagic = 0;
    public const int OffsetTotalSize = 4;
    public const int OffsetStructure = 8;
    public const int OffsetStrings = 12;
    public const int OffsetReserveMap = 16;
    public const int OffsetVersion = 20;
    public const int OffsetLastCompatible = 24;
    public const int OffsetBootCpu = 28;
    public const int OffsetStringsSize = 32;
    public const int OffsetStructureSize = 36;

    public const uint BeginNode = 1;
    public const uint EndNode = 2;
    public const uint Property = 3;
    public const uint Nop = 4;
    public const uint End = 9;

    public static int Align(int length) => (length + 3) & ~3;
}
