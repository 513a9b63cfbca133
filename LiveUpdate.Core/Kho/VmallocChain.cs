using System.Buffers.Binary;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>The chunks of a scattered array that a predecessor wrote (reference 2.7, A-51), apart from who owns the pages.</summary>
internal static class VmallocChain
{
    /// <summary>Follows the chunks of an array.</summary>
    /// <param name="memory">Where the array lies.</param>
    /// <param name="descriptor">The array.</param>
    /// <param name="structure">What the array is, for messages.</param>
    /// <param name="chunks">Gets the addresses of the chunks.</param>
    /// <param name="blocks">Gets the addresses of the blocks of 2^order pages.</param>
    /// <exception cref="LiveUpdateImageException">
    /// The descriptor is not possible, a chunk or block was not preserved or comes twice, or the pages do not add up to the total (EINVAL).
    /// </exception>
    public static void Walk(
        IIncomingMemory memory, VmallocDescriptor descriptor, string structure, List<PhysicalAddress> chunks, List<PhysicalAddress> blocks)
    {
        descriptor.Check(descriptor.First);
        long expected = descriptor.TotalPages >> descriptor.Order;
        HashSet<ulong> met = [];
        PhysicalAddress next = descriptor.First;
        while (!next.IsNone)
        {
            PhysicalAddress chunk = next;
            Take(chunk, LuoAbi.PageSize, chunk);
            chunks.Add(chunk);
            ReadOnlySpan<byte> page = memory.GetIncomingSpan(chunk, KhoAbi.VmallocChunkSize, structure);
            next = new PhysicalAddress(BinaryPrimitives.ReadUInt64LittleEndian(page));
            for (int offset = KhoAbi.VmallocChunkHeaderSize; offset < page.Length; offset += sizeof(ulong))
            {
                var block = new PhysicalAddress(BinaryPrimitives.ReadUInt64LittleEndian(page[offset..]));
                if (block.IsNone)
                    break;
                if (blocks.Count == expected)
                    throw Bad(chunk, offset, $"{descriptor.TotalPages} pages in all", "more");
                Take(block, LuoAbi.PageSize << descriptor.Order, chunk, offset);
                blocks.Add(block);
            }
        }
        if (blocks.Count != expected)
            throw Bad(descriptor.First, 0, $"{descriptor.TotalPages} pages in all", $"{(long)blocks.Count << descriptor.Order}");

        void Take(PhysicalAddress block, int length, PhysicalAddress chunk, int offset = 0)
        {
            if (!block.IsAligned((ulong)length) || !memory.IsIncoming(block, length))
                throw Bad(chunk, offset, $"the address of {length} preserved bytes", block.ToString());
            if (!met.Add(block.Value))
                throw Bad(chunk, offset, "addresses that come once", $"{block} a second time");
        }

        LiveUpdateImageException Bad(PhysicalAddress chunk, int offset, string what, string found) =>
            new(LiveUpdateError.InvalidArgument, structure, chunk, offset, what, found);
    }
}
