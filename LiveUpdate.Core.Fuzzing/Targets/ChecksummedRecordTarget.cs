using System.Runtime.InteropServices;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A record of the library's own, with a checksum at offset 12.</summary>
internal abstract class ChecksummedRecordTarget : RecordTarget
{
    /// <summary>Where the checksum of such a record lies.</summary>
    public const int ChecksumOffset = 12;

    /// <summary>The size of the record.</summary>
    protected abstract int Size { get; }

    /// <inheritdoc/>
    public sealed override int MaxLength => Size + 16;

    /// <inheritdoc/>
    public sealed override void Mend(Span<byte> input)
    {
        if (input.Length >= Size)
            Mend(input[..Size], ChecksumOffset);
    }

    /// <summary>Makes the checksum of a record right.</summary>
    public static void Mend(Span<byte> record, int offset)
    {
        MemoryMarshal.Write(record[offset..], 0U);
        MemoryMarshal.Write(record[offset..], Crc32C.Of(record));
    }
}
