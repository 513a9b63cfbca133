namespace LiveUpdate.Abi;

/// <summary>The constants of the library's own memfd handler, which hands over the descriptor and not the pages.</summary>
public static class MemfdFdAbi
{
    /// <summary>The compatible string of the handler; it changes with any change of <see cref="MemfdFdSer"/>.</summary>
    public const string Compatible = "memfd-fd-v1";

    /// <summary>Flag of a record: the memfd is made of huge pages.</summary>
    public const uint HugePages = 0x1;

    /// <summary>Every flag that a record may carry.</summary>
    public const uint KnownFlags = HugePages;

    /// <summary>The size of a record in bytes.</summary>
    public const int RecordSize = 32;
}
