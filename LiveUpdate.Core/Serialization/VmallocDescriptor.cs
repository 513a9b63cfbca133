using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>The descriptor of an array that lies in scattered preserved pages (reference 2.7, 16 bytes).</summary>
/// <param name="First">The first chunk, not checked; <see cref="PhysicalAddress.None"/> for no array.</param>
/// <param name="TotalPages">The number of 4096-byte pages of the array.</param>
/// <param name="Flags">The vmalloc flags of <see cref="KhoAbi"/>; unknown bits are ignored (reference A-51).</param>
/// <param name="Order">Each address in a chunk stands for 2^order pages.</param>
/// <remarks>A copy of what was read. Nothing is allocated but exceptions. Safe for threads.</remarks>
public readonly record struct VmallocDescriptor(PhysicalAddress First, uint TotalPages, ushort Flags, ushort Order)
{
    /// <summary>Whether there is no array.</summary>
    public bool IsNone => First.IsNone;

    /// <summary>The size of the array in bytes, a multiple of 4096.</summary>
    public ulong ByteLength => (ulong)TotalPages * LuoAbi.PageSize;

    /// <summary>Copies a descriptor.</summary>
    /// <param name="source">The descriptor, at least 16 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> is shorter than the descriptor.</exception>
    public static VmallocDescriptor Read(ReadOnlySpan<byte> source)
    {
        Require.AtLeast(source.Length, KhoAbi.VmallocSize, nameof(source));
        return FromRecord(MemoryMarshal.Read<KhoVmallocSer>(source));
    }

    /// <summary>Writes the descriptor.</summary>
    /// <param name="destination">Where to, at least 16 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than the descriptor.</exception>
    public void Write(Span<byte> destination)
    {
        Require.AtLeast(destination.Length, KhoAbi.VmallocSize, nameof(destination));
        MemoryMarshal.Write(destination, ToRecord());
    }

    /// <summary>Throws unless every address can stand for 2^order pages and they can add up to the total.</summary>
    /// <param name="address">Where the descriptor lies, for a message.</param>
    /// <exception cref="LiveUpdateImageException">
    /// EINVAL: the order is above 10, or the total is not a multiple of 2^order pages (reference A-51).
    /// </exception>
    public void Check(PhysicalAddress address)
    {
        if (Order > KhoAbi.MaxOrder)
            throw Damaged(address, 14, $"an order of at most {KhoAbi.MaxOrder}", Order);
        if ((TotalPages & ((1u << Order) - 1)) != 0)
            throw Damaged(address, 8, $"a multiple of {1u << Order} pages", TotalPages);
    }

    internal static VmallocDescriptor FromRecord(in KhoVmallocSer record) =>
        new(new PhysicalAddress(record.FirstAddress), record.TotalPages, record.Flags, record.Order);

    internal KhoVmallocSer ToRecord() =>
        new() { FirstAddress = First.Value, TotalPages = TotalPages, Flags = Flags, Order = Order };

    private static LiveUpdateImageException Damaged(PhysicalAddress address, int offset, string expected, uint found) =>
        new(LiveUpdateError.InvalidArgument, "vmalloc descriptor", address, offset, expected, found.ToString(CultureInfo.InvariantCulture));
}
