using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>A copy of the blob <c>kexec-metadata</c>, and the way to write one (reference 2.10, 73 bytes).</summary>
/// <remarks>A blob that cannot be read is no error. Nothing is allocated. Reading is safe for threads.</remarks>
public readonly struct KexecMetadata
{
    private readonly KexecMetadataSer _record;

    private KexecMetadata(in KexecMetadataSer record) => _record = record;

    /// <summary>The release string of the kernel that wrote it, at most 64 bytes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> PreviousRelease => FixedString.ReadName(_record.PreviousRelease);

    /// <summary>The number of kexecs since the cold boot.</summary>
    public uint KexecCount => _record.KexecCount;

    /// <summary>Reads a blob; one that is too short or of another version is ignored (reference A-80).</summary>
    /// <param name="blob">The blob, of the size that KHO gives; empty if there is none.</param>
    /// <param name="metadata">What it says; default when the result is false.</param>
    /// <returns>Whether the blob is one that can be read.</returns>
    public static bool TryRead(ReadOnlySpan<byte> blob, out KexecMetadata metadata)
    {
        metadata = default;
        if (blob.Length < KexecMetadataAbi.Size)
            return false;

        var record = MemoryMarshal.Read<KexecMetadataSer>(blob);
        if (record.Version != KexecMetadataAbi.Version)
            return false;

        metadata = new KexecMetadata(in record);
        return true;
    }

    /// <summary>Writes a blob.</summary>
    /// <param name="destination">Where to, at least 73 bytes; those beyond are not changed.</param>
    /// <param name="release">The release string of the writer; more than 64 bytes are cut (reference A-05).</param>
    /// <param name="kexecCount">The count received, 0 on a cold boot, plus 1.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than the blob.</exception>
    public static void Write(Span<byte> destination, ReadOnlySpan<byte> release, uint kexecCount)
    {
        Require.AtLeast(destination.Length, KexecMetadataAbi.Size, nameof(destination));
        var record = new KexecMetadataSer { Version = KexecMetadataAbi.Version, KexecCount = kexecCount };
        FixedString.Write(record.PreviousRelease, release);
        MemoryMarshal.Write(destination, in record);
    }
}
