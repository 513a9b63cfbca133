namespace LiveUpdate.Abi;

/// <summary>The constants of the blob <c>kexec-metadata</c> (reference 2.10).</summary>
public static class KexecMetadataAbi
{
    /// <summary>The name of the KHO entry.</summary>
    public const string SubtreeName = "kexec-metadata";

    /// <summary>The version that is written, and the only one that is read.</summary>
    public const uint Version = 1;

    /// <summary>The size of the blob in bytes, the least that is read.</summary>
    public const int Size = 73;

    /// <summary>The bytes of the field of the release string, NUL included.</summary>
    public const int ReleaseLength = 65;

    /// <summary><see cref="SubtreeName"/> as it lies in memory, without its NUL.</summary>
    public static ReadOnlySpan<byte> SubtreeNameUtf8 => "kexec-metadata"u8;
}
