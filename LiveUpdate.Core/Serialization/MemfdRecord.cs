using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>What the handler <c>memfd-v2</c> hands over for a file (reference 2.7, 48 bytes).</summary>
/// <param name="Position">The offset of the open file description, in bytes, not checked (reference M-26).</param>
/// <param name="Size">The size of the file, in bytes.</param>
/// <param name="Seals">The seal bits of <see cref="MemfdAbi"/>.</param>
/// <param name="FolioCount">The entries in the folio array; 0 for an empty file.</param>
/// <param name="Folios">The folio array; all zero for an empty file.</param>
/// <remarks>The record's flags are written as 0 and ignored (reference M-28). Allocates nothing but exceptions. Safe for threads.</remarks>
public readonly record struct MemfdRecord(ulong Position, ulong Size, uint Seals, ulong FolioCount, VmallocDescriptor Folios)
{
    /// <summary>The seals that no reader knows; other than 0 is EOPNOTSUPP (reference M-20).</summary>
    public uint UnsupportedSeals => Seals & ~MemfdAbi.SupportedSeals;

    /// <summary>Copies a record.</summary>
    /// <param name="source">The record, at least 48 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> is shorter than the record.</exception>
    public static MemfdRecord Read(ReadOnlySpan<byte> source)
    {
        Require.AtLeast(source.Length, MemfdAbi.RecordSize, nameof(source));
        var record = MemoryMarshal.Read<MemfdLuoSer>(source);
        return new MemfdRecord(
            record.Position, record.Size, record.Seals, record.FolioCount, VmallocDescriptor.FromRecord(in record.Folios));
    }

    /// <summary>Writes the record.</summary>
    /// <param name="destination">Where to, at least 48 bytes; those beyond are not changed.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than the record.</exception>
    public void Write(Span<byte> destination)
    {
        Require.AtLeast(destination.Length, MemfdAbi.RecordSize, nameof(destination));
        var record = new MemfdLuoSer
        {
            Position = Position,
            Size = Size,
            Seals = Seals,
            FolioCount = FolioCount,
            Folios = Folios.ToRecord(),
        };
        MemoryMarshal.Write(destination, in record);
    }

    /// <summary>Throws unless the size and the folio array can be what a writer left.</summary>
    /// <param name="address">Where the record lies, for a message.</param>
    /// <exception cref="LiveUpdateImageException">
    /// EINVAL, the first that applies: the size is above 2^32 - 1 pages; there are folios without an array, or more than it holds; the
    /// descriptor of an array that is used is not possible. Seals and position are not looked at.
    /// </exception>
    public void Check(PhysicalAddress address)
    {
        if (Size > MemfdAbi.MaxPages * LuoAbi.PageSize)
            throw Damaged(address, 8, "a size of at most 2^32 - 1 pages", Size);

        ulong room = Folios.IsNone ? 0 : Folios.ByteLength / MemfdAbi.FolioSize;
        if (FolioCount > room)
            throw Damaged(address, 24, $"at most the {room} folios that the array holds", FolioCount);

        if (FolioCount != 0)
            Folios.Check(address + 32);
    }

    private static LiveUpdateImageException Damaged(PhysicalAddress address, int offset, string expected, ulong found) =>
        new(LiveUpdateError.InvalidArgument, "memfd record", address, offset, expected, found.ToString(CultureInfo.InvariantCulture));
}
