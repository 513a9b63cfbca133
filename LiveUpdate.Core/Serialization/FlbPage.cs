using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>Writes and reads the page of file-lifecycle-bound objects (reference 2.5).</summary>
/// <remarks>Writing allocates nothing. Safe for threads as far as the spans are not shared.</remarks>
public static class FlbPage
{
    private const string Structure = "FLB page";

    /// <summary>Writes the header.</summary>
    /// <param name="page">The page, zeroed when it was new, at least 4096 bytes.</param>
    /// <param name="count">How many entries are valid: 0 until freeze, then at most 63 (reference A-40).</param>
    /// <exception cref="ArgumentException"><paramref name="page"/> is shorter than a page.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or above 63.</exception>
    public static void WriteHeader(Span<byte> page, int count)
    {
        Require.AtLeast(page.Length, LuoAbi.PageSize, nameof(page));
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, LuoAbi.MaxFlbs);
        MemoryMarshal.Write(page, new LuoFlbHeaderSer { PageCount = LuoAbi.FlbPageCount, Count = (ulong)count });
    }

    /// <summary>Writes an entry over whatever it held; the header's count is not changed.</summary>
    /// <param name="page">The page, at least 4096 bytes.</param>
    /// <param name="index">The position of the entry, 0 to 62.</param>
    /// <param name="name">The FLB's compatible string; more than 47 bytes are cut (reference A-05).</param>
    /// <param name="data">The data handle.</param>
    /// <param name="count">The reference count, at least 1.</param>
    /// <exception cref="ArgumentException"><paramref name="page"/> is shorter than a page.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="index"/> is negative or above 62, or <paramref name="count"/> is 0.
    /// </exception>
    public static void WriteEntry(Span<byte> page, int index, ReadOnlySpan<byte> name, DataHandle data, ulong count)
    {
        Require.AtLeast(page.Length, LuoAbi.PageSize, nameof(page));
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, LuoAbi.MaxFlbs);
        ArgumentOutOfRangeException.ThrowIfZero(count);
        var record = new LuoFlbSer { Data = data.Value, Count = count };
        FixedString.Write(record.Name, name);
        MemoryMarshal.Write(page[OffsetOf(index)..], in record);
    }

    /// <summary>Copies and checks all valid entries; what lies behind them is ignored.</summary>
    /// <param name="page">The page, at least 4096 bytes.</param>
    /// <param name="address">Where the page lies, for a message.</param>
    /// <returns>The entries in order, at most 63. Their data handles are not checked.</returns>
    /// <exception cref="ArgumentException"><paramref name="page"/> is shorter than a page.</exception>
    /// <exception cref="LiveUpdateImageException">
    /// EINVAL, the first that applies: the page count is not 1, the count is above 63, an entry's count is 0 (reference A-42).
    /// </exception>
    public static FlbRecord[] Read(ReadOnlySpan<byte> page, PhysicalAddress address = default)
    {
        Require.AtLeast(page.Length, LuoAbi.PageSize, nameof(page));
        var header = MemoryMarshal.Read<LuoFlbHeaderSer>(page);
        if (header.PageCount != LuoAbi.FlbPageCount)
            throw Damaged(address, 0, "1 page", header.PageCount);
        if (header.Count > LuoAbi.MaxFlbs)
            throw Damaged(address, 8, "a count of at most 63", header.Count);

        var records = new FlbRecord[(int)header.Count];
        for (int i = 0; i < records.Length; i++)
        {
            var record = MemoryMarshal.Read<LuoFlbSer>(page[OffsetOf(i)..]);
            if (record.Count == 0)
                throw Damaged(address, OffsetOf(i) + 56, "a reference count of at least 1", record.Count);

            records[i] = new FlbRecord(in record);
        }

        return records;
    }

    /// <summary>Finds the first entry with a name (reference A-41).</summary>
    /// <param name="records">The entries.</param>
    /// <param name="name">The FLB's compatible string.</param>
    /// <returns>Its position, or -1.</returns>
    public static int IndexOf(ReadOnlySpan<FlbRecord> records, in CompatibleField name)
    {
        for (int i = 0; i < records.Length; i++)
        {
            if (name.Matches(records[i].NameBytes))
                return i;
        }

        return -1;
    }

    private static int OffsetOf(int index) => LuoAbi.FlbHeaderSize + (index * LuoAbi.FlbSize);

    private static LiveUpdateImageException Damaged(PhysicalAddress address, int offset, string expected, ulong found) =>
        new(LiveUpdateError.InvalidArgument, Structure, address, offset, expected, found.ToString(CultureInfo.InvariantCulture));
}
