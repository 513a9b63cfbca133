namespace LiveUpdate.Abi;

/// <summary>The constants of the kernel's memfd handler (reference 2.7).</summary>
public static class MemfdAbi
{
    /// <summary>The compatible string of the handler.</summary>
    public const string Compatible = "memfd-v2";

    /// <summary>F_SEAL_SEAL: no further seals.</summary>
    public const uint SealSeal = 0x01;

    /// <summary>F_SEAL_SHRINK: the size cannot go down.</summary>
    public const uint SealShrink = 0x02;

    /// <summary>F_SEAL_GROW: the size cannot go up.</summary>
    public const uint SealGrow = 0x04;

    /// <summary>F_SEAL_WRITE: no writes.</summary>
    public const uint SealWrite = 0x08;

    /// <summary>F_SEAL_FUTURE_WRITE: no writes but through mappings that exist.</summary>
    public const uint SealFutureWrite = 0x10;

    /// <summary>F_SEAL_EXEC: the execute bits of the mode cannot change.</summary>
    public const uint SealExec = 0x20;

    /// <summary>Every seal that a record may carry; another bit is EOPNOTSUPP (reference M-10, M-20).</summary>
    public const uint SupportedSeals = SealSeal | SealShrink | SealGrow | SealWrite | SealFutureWrite | SealExec;

    /// <summary>Flag of a folio: its content differs from any backing store.</summary>
    public const uint FolioDirty = 0x1;

    /// <summary>Flag of a folio: its content is valid.</summary>
    public const uint FolioUpToDate = 0x2;

    /// <summary>The bit where the flags begin in the first word of a folio's entry.</summary>
    public const int FolioFlagsShift = 52;

    /// <summary>The bits of the first word of a folio's entry that are the page frame's number.</summary>
    public const ulong FolioPfnMask = (1UL << FolioFlagsShift) - 1;

    /// <summary>The flags that fit a folio's entry, known or not.</summary>
    public const uint FolioFlagsMask = 0xfff;

    /// <summary>The size of a record in bytes.</summary>
    public const int RecordSize = 48;

    /// <summary>The size of a folio's entry in bytes.</summary>
    public const int FolioSize = 16;

    /// <summary>The pages that a file may have; a larger one is EFBIG (reference M-10).</summary>
    public const ulong MaxPages = uint.MaxValue;

    /// <summary><see cref="Compatible"/> as it lies in memory, without its NUL.</summary>
    public static ReadOnlySpan<byte> CompatibleUtf8 => "memfd-v2"u8;
}
