using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>The checks of a chain of blocks that a predecessor wrote (reference A-22), apart from who owns the pages.</summary>
internal static class BlockChain
{
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
                throw Bad(structure, previous, "the address of a page as the next block", block.ToString());
            if (!met.Add(block.Value))
                throw Bad(structure, previous, "a chain without a loop", $"{block} a second time");
            if (blocks.Count == LuoAbi.MaxBlocksWalked)
                throw Bad(structure, previous, $"at most {LuoAbi.MaxBlocksWalked} blocks", "more");
            blocks.Add(block);
            previous = block;
            ReadOnlySpan<byte> page = memory.GetIncomingSpan(block, LuoAbi.PageSize, structure);
            block = new PhysicalAddress(MemoryMarshal.Read<KhoBlockHeaderSer>(page).NextAddress);
        }
        return blocks;
    }

    /// <summary>Checks the counts of the blocks, from the head.</summary>
    /// <returns>The sum.</returns>
    /// <exception cref="LiveUpdateImageException">
    /// A count of 0 or above the capacity (EINVAL), or more than 10 000 blocks (ENOSPC).
    /// </exception>
    public static long CountEntries(IIncomingMemory memory, List<PhysicalAddress> blocks, int entrySize, string structure)
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
            entries += new BlockReader(page, entrySize, structure, blocks[i]).Count;
        }
        return entries;
    }

    private static LiveUpdateImageException Bad(string structure, PhysicalAddress block, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, structure, block, 0, expected, found);
}
