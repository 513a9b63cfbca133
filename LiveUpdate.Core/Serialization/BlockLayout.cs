using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>Where the entries of a block lie (reference 2.3).</summary>
public static class BlockLayout
{
    /// <summary>The entries that a block holds: (4096 − 16) / <paramref name="entrySize"/>, rounded down.</summary>
    /// <param name="entrySize">The size of an entry in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="entrySize"/> is below 1 or above 4080.</exception>
    public static int CapacityOf(int entrySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(entrySize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entrySize, LuoAbi.PageSize - LuoAbi.BlockHeaderSize);
        return (LuoAbi.PageSize - LuoAbi.BlockHeaderSize) / entrySize;
    }

    /// <summary>The offset in bytes of an entry within its block.</summary>
    /// <param name="index">The position of the entry, from 0.</param>
    /// <param name="entrySize">The size of an entry in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="entrySize"/> is below 1 or above 4080, or a block of such entries has none at <paramref name="index"/>.
    /// </exception>
    public static int OffsetOf(int index, int entrySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, CapacityOf(entrySize));
        return LuoAbi.BlockHeaderSize + (index * entrySize);
    }
}
