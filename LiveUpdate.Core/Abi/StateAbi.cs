namespace LiveUpdate.Abi;

/// <summary>The constants of typed state: a header with a list of ranges, and MessagePack in the ranges.</summary>
public static class StateAbi
{
    /// <summary>The first field of a header: <c>LUSTATE</c> and NUL, read as a little-endian number.</summary>
    public const ulong Magic = 0x00_45_54_41_54_53_55_4C;

    /// <summary>The version of the layout of header and ranges, not of the state in them.</summary>
    public const uint LayoutVersion = 1;

    /// <summary>The size of the header in bytes; the list of ranges follows it.</summary>
    public const int HeaderSize = 40;

    /// <summary>The size of an entry of the list in bytes.</summary>
    public const int RangeSize = 16;

    /// <summary>Where <see cref="StateSer.HeaderChecksum"/> lies; it covers the bytes before it and the list.</summary>
    public const int HeaderChecksumOffset = 32;

    /// <summary>The largest range in bytes: 4 MiB, one block of the largest order.</summary>
    public const long MaxRangeBytes = (long)LuoAbi.PageSize << KhoAbi.MaxOrder;

    /// <summary>The most ranges a list may have: what fits beside the header into 4 MiB.</summary>
    public const int MaxRanges = (int)((MaxRangeBytes - HeaderSize) / RangeSize);
}
