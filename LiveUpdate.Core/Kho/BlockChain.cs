using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>The checks of a chain of blocks that a predecessor wrote (reference A-22), apart from who owns the pages.</summary>
internal static class BlockChain
{
    private const int CountOffset = 8;

    /// <summary>Follows a chain to its end, before anything in the blocks is looked at.</summary>
    /// <exception cref="LiveUpdateImageException">A block is not a preserved page, a loop, or more than 20 000 blocks (EINVAL).</exception>
    public static List<PhysicalAddress> Walk(IIncomingMemory memory, PhysicalAddress head, string structure)
    {
        List<PhysicalAddress> blocks = [];
        HashSet<ulong> met = [];
        PhysicalAddress previous = PhysicalAddress.None;
        for (PhysicalAddress block = head; !block.IsNone;)
        {
            if (!block.IsAligned(LuoAbi.PageSize))
                throw Bad(structure, previous, 0, "the address of a page", block.ToString());
            if (!met.Add(block.Value))
                throw Bad(structure, previous, 0, "a chain without a loop", $"{block} a second time");
            if (blocks.Count == LuoAbi.MaxBlocksWalked)
                throw Bad(structure, previous, 0, $"at most {LuoAbi.MaxBlocksWalked} blocks", "more");
            blocks.Add(block);
            previous = block;
            ReadOnlySpan<byte> page = memory.GetIncomingSpan(block, LuoAbi.PageSize, structure);
            block = new PhysicalAddress(MemoryMarshal.Read<KhoBlockHeaderSer>(page).NextAddress);
        }
        return blocks;
    }

    /// <summary>Checks the counts of the blocks, from the head.</summary>
    /// <returns>The sum.</returns>
    /// <exception cref="LiveUpdateImageException">A count of 0 or above the capacity (EINVAL), or more than 10 000 blocks (ENOSPC).</exception>
    public static long CountEntries(IIncomingMemory memory, List<PhysicalAddress> blocks, int capacity, string structure)
    {
        long entries = 0;
        for (int i = 0; i < blocks.Count; i++)
        {
            if (i == LuoAbi.MaxBlocks)
            {
                throw new LiveUpdateImageException(
                    LiveUpdateError.NoSpace, structure, blocks[i], 0, $"at most {LuoAbi.MaxBlocks} blocks", $"{blocks.Count}");
            }
            ReadOnlySpan<byte> page = memory.GetIncomingSpan(blocks[i], LuoAbi.PageSize, structure);
            entries += CheckCount(MemoryMarshal.Read<KhoBlockHeaderSer>(page).Count, blocks[i], capacity, structure);
        }
        return entries;
    }

    /// <summary>Checks a block's count.</summary>
    /// <exception cref="LiveUpdateImageException">0 or above the capacity (EINVAL).</exception>
    public static int CheckCount(ulong count, PhysicalAddress block, int capacity, string structure) =>
        count > 0 && count <= (ulong)capacity ? (int)count : throw Bad(structure, block, CountOffset, $"1 to {capacity} entries", $"{count}");

    /// <summary>A damaged block.</summary>
    public static LiveUpdateImageException Bad(string structure, PhysicalAddress block, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, structure, block, offset, expected, found);
}
