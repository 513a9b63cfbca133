using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>Reads the entries of many files at once, a run of one handler at a time (reference 2.4).</summary>
/// <remarks>Nothing is allocated. Safe for threads as far as the spans are not shared.</remarks>
public static class FileRecordReader
{
    /// <summary>Copies data handle and token of the leading entries that carry a compatible string.</summary>
    /// <param name="entries">The entries, 64 bytes each, as <see cref="BlockReader.Entries"/> has them.</param>
    /// <param name="compatible">The string that the last entry read before had, or the only one that is expected.</param>
    /// <param name="destination">Where to. No more entries are read than it has room for.</param>
    /// <returns>The number of entries copied: the next one has another string, or there is no next one, or no room.</returns>
    /// <exception cref="ArgumentException"><paramref name="entries"/> ends within an entry.</exception>
    public static int ReadRun(ReadOnlySpan<byte> entries, in CompatibleField compatible, Span<FileRecordData> destination)
    {
        if (entries.Length % LuoAbi.FileSize != 0)
            throw new ArgumentException($"A span of {entries.Length} bytes ends within an entry of 64.", nameof(entries));

        int count = int.Min(entries.Length / LuoAbi.FileSize, destination.Length);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = entries.Slice(i * LuoAbi.FileSize, LuoAbi.FileSize);
            if (!compatible.Matches(entry))
                return i;

            destination[i] = MemoryMarshal.Read<FileRecordData>(entry[LuoAbi.CompatibleLength..]);
        }

        return count;
    }
}
