namespace LiveUpdate.Abi;

/// <summary>The constants of the orchestrator's own structures (reference 2.2 to 2.5, 4.13).</summary>
public static class LuoAbi
{
    /// <summary>The version of every LUO structure; a reader accepts exactly its own (reference ).</summary>
    public const string Compatible = "luo-v5";

    /// <summary>The name of the KHO entry that is the root record.</summary>
    public const string SubtreeName = "LUO";

    /// <summary>The size of a page in bytes; part of the ABI (reference A-03).</summary>
    public const int PageSize = 1 << PageShift;

    /// <summary>The binary logarithm of <see cref="PageSize"/>.</summary>
    public const int PageShift = 12;

    /// <summary>The size of the root record in bytes, the least that its blob may have (reference A-11).</summary>
    public const int RootSize = 32;

    /// <summary>The size of the header of a block in bytes; the entries begin there.</summary>
    public const int BlockHeaderSize = 16;

    /// <summary>The size of a session's entry in bytes.</summary>
    public const int SessionSize = 80;

    /// <summary>The size of a file's entry in bytes.</summary>
    public const int FileSize = 64;

    /// <summary>The size of an FLB's entry in bytes.</summary>
    public const int FlbSize = 64;

    /// <summary>The size of the header of the FLB page in bytes; the entries begin there.</summary>
    public const int FlbHeaderSize = 16;

    /// <summary>The entries that a session block holds: (4096 − 16) / 80 = 51.</summary>
    public const int SessionsPerBlock = (PageSize - BlockHeaderSize) / SessionSize;

    /// <summary>The entries that a file block holds: (4096 − 16) / 64 = 63, with 48 bytes to spare.</summary>
    public const int FilesPerBlock = (PageSize - BlockHeaderSize) / FileSize;

    /// <summary>The entries that the FLB page holds: (4096 − 16) / 64 = 63, with 48 bytes to spare.</summary>
    public const int MaxFlbs = (PageSize - FlbHeaderSize) / FlbSize;

    /// <summary>The blocks that a chain may have, written or read (reference A-22).</summary>
    public const int MaxBlocks = 10_000;

    /// <summary>The blocks that the search for a loop walks before it gives up: two a step, 10 000 steps (reference A-24).</summary>
    public const int MaxBlocksWalked = 2 * MaxBlocks;

    /// <summary>The outgoing sessions that a chain of blocks holds: 510 000.</summary>
    public const int MaxSessions = MaxBlocks * SessionsPerBlock;

    /// <summary>The files that a session's chain of blocks holds: 630 000.</summary>
    public const int MaxFilesPerSession = MaxBlocks * FilesPerBlock;

    /// <summary>The bytes of the field of a session's name, NUL included.</summary>
    public const int SessionNameLength = 64;

    /// <summary>The bytes of the field of a compatible string of a handler or FLB, NUL included.</summary>
    public const int CompatibleLength = 48;

    /// <summary>The bytes of the field of the root record's compatible string, NUL included (reference A-10).</summary>
    public const int RootCompatibleLength = 8;

    /// <summary>The page count that the header of an FLB page must have (reference A-42).</summary>
    public const ulong FlbPageCount = 1;

    /// <summary><see cref="Compatible"/> as it lies in memory, without its NUL.</summary>
    public static ReadOnlySpan<byte> CompatibleUtf8 => "luo-v5"u8;

    /// <summary><see cref="SubtreeName"/> as it lies in memory, without its NUL.</summary>
    public static ReadOnlySpan<byte> SubtreeNameUtf8 => "LUO"u8;
}
