using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>Reads the preserved-memory map that a predecessor left (reference 2.9), trusting nothing in it.</summary>
/// <remarks>
/// Every page of the tree must lie in the memory and is visited at most once, so that the work is bounded by the size of the memory. What a
/// key stands for is the caller's to check.
/// </remarks>
internal sealed class PreservedPageTreeReader
{
    private const string Structure = "preserved-memory map";

    private readonly KhoMemory _memory;
    private readonly Func<RadixKey, int> _visit;
    private readonly HashSet<ulong> _nodes = [];

    private PreservedPageTreeReader(KhoMemory memory, Func<RadixKey, int> visit)
    {
        _memory = memory;
        _visit = visit;
    }

    /// <summary>Calls <paramref name="visit"/> for every key, ascending; a result other than 0 stops the walk (reference A-76).</summary>
    /// <param name="memory">Where the tree lies.</param>
    /// <param name="root">Its root page.</param>
    /// <param name="visit">Gets valid keys only.</param>
    /// <param name="result">The result that stopped the walk, else 0.</param>
    /// <returns>The pages of the tree.</returns>
    /// <exception cref="LiveUpdateImageException">
    /// A page of the tree is not in the memory, not aligned or met twice, or a bit stands for no key (EINVAL).
    /// </exception>
    public static IReadOnlySet<ulong> Walk(KhoMemory memory, PhysicalAddress root, Func<RadixKey, int> visit, out int result)
    {
        var reader = new PreservedPageTreeReader(memory, visit);
        result = reader.Visit(root, KhoAbi.RadixLevels - 1, 0, PhysicalAddress.None, 0);
        return reader._nodes;
    }

    private int Visit(PhysicalAddress node, int level, ulong prefix, PhysicalAddress parent, int parentOffset)
    {
        if (!node.IsAligned(LuoAbi.PageSize) || !_memory.TryGetSpan(node, LuoAbi.PageSize, out Span<byte> page))
            throw Bad(parent, parentOffset, "the address of a page of the memory", node.ToString());
        if (!_nodes.Add(node.Value))
            throw Bad(parent, parentOffset, "a page that is not part of the tree yet", node.ToString());
        return level == 0 ? VisitLeaf(node, page, prefix) : VisitTable(node, page, level, prefix);
    }

    [MethodImpl(WithinPause.Compiled)]
    private int VisitTable(PhysicalAddress node, ReadOnlySpan<byte> page, int level, ulong prefix)
    {
        for (int offset = 0; offset < LuoAbi.PageSize; offset += sizeof(ulong))
        {
            ulong child = BinaryPrimitives.ReadUInt64LittleEndian(page[offset..]);
            if (child == 0)
                continue;
            ulong index = (ulong)(offset / sizeof(ulong));
            int result = Visit(new PhysicalAddress(child), level - 1, (prefix << KhoAbi.RadixTableShift) | index, node, offset);
            if (result != 0)
                return result;
        }
        return 0;
    }

    [MethodImpl(WithinPause.Compiled)]
    private int VisitLeaf(PhysicalAddress node, ReadOnlySpan<byte> page, ulong prefix)
    {
        for (int offset = 0; offset < LuoAbi.PageSize; offset += sizeof(ulong))
        {
            for (ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(page[offset..]); bits != 0; bits &= bits - 1)
            {
                ulong bit = ((ulong)offset * 8) + (ulong)BitOperations.TrailingZeroCount(bits);
                var key = new RadixKey((prefix << KhoAbi.RadixLeafShift) | bit);
                if (!key.IsValid)
                    throw Bad(node, offset, "bits of keys of 1 to 53 bits", key.ToString());
                int result = _visit(key);
                if (result != 0)
                    return result;
            }
        }
        return 0;
    }

    private static LiveUpdateImageException Bad(PhysicalAddress node, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, Structure, node, offset, expected, found);
}
