using System.Numerics;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>
/// The key of a block of 2^order pages in the preserved-memory map (reference ): the frame number in units of the block's size,
/// below a marker bit that names the order.
/// </summary>
/// <param name="Value">The key.</param>
public readonly record struct RadixKey(ulong Value)
{
    /// <summary>The largest order that a key can name.</summary>
    public const int MaxOrder = KhoAbi.RadixOrderZeroBit;

    /// <summary>Whether the key has a marker bit and is at most 53 bits wide (reference A-74).</summary>
    public bool IsValid => Value != 0 && Value >> KhoAbi.RadixKeyBits == 0;

    /// <summary>The binary logarithm of the block's pages, if the key is valid.</summary>
    public int Order => KhoAbi.RadixOrderZeroBit - BitOperations.Log2(Value);

    /// <summary>The address of the block, if the key is valid; 64-bit arithmetic drops the marker bit.</summary>
    public PhysicalAddress Address
    {
        get
        {
            int shift = LuoAbi.PageShift + Order;
            return new PhysicalAddress(shift >= 64 ? 0 : Value << shift);
        }
    }

    /// <summary>Which bit of the bitmap page stands for the key.</summary>
    public int LeafBit => (int)(Value & (KhoAbi.RadixLeafBits - 1));

    /// <summary>Makes the key of a block.</summary>
    /// <param name="address">The address of the block, aligned to its size.</param>
    /// <param name="order">The binary logarithm of its pages, 0 to <see cref="MaxOrder"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="order"/> is out of range.</exception>
    /// <exception cref="ArgumentException"><paramref name="address"/> is not aligned to the block's size.</exception>
    public static RadixKey Encode(PhysicalAddress address, int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, MaxOrder);
        int shift = LuoAbi.PageShift + order;
        ulong frame = shift >= 64 ? 0 : address.Value >> shift;
        if (address.Value != (shift >= 64 ? 0 : frame << shift))
            throw new ArgumentException($"{address} is not aligned to a block of order {order}.", nameof(address));
        return new RadixKey((1UL << (64 - shift)) | frame);
    }

    /// <summary>Which entry of the page at a level leads to the key.</summary>
    /// <param name="level">1 to 5; 5 is the root.</param>
    public int Index(int level) =>
        (int)(Value >> (KhoAbi.RadixLeafShift + (KhoAbi.RadixTableShift * (level - 1)))) & (KhoAbi.RadixTableEntries - 1);

    /// <summary>The key as text, hexadecimal, with what it stands for.</summary>
    public override string ToString() => IsValid ? $"0x{Value:x} ({Address}, order {Order})" : $"0x{Value:x} (no key)";
}
