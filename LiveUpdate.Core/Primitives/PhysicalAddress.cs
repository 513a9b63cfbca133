using System.Globalization;

namespace LiveUpdate;

/// <summary>
/// An address in preserved memory; 0 means "none" (reference, A-04).
/// </summary>
/// <remarks>
/// In a captured kernel image this is the machine's physical address. In the library's own memory it is the region's base plus an
/// offset, and so keeps its meaning in the next generation, wherever that one maps the region.
/// </remarks>
public readonly struct PhysicalAddress : IEquatable<PhysicalAddress>, IComparable<PhysicalAddress>
{
    private readonly ulong _value;

    /// <summary>Makes an address from its number.</summary>
    /// <param name="value">The number of the byte, 0 for none.</param>
    public PhysicalAddress(ulong value) => _value = value;

    /// <summary>No address.</summary>
    public static PhysicalAddress None => default;

    /// <summary>The number of the byte.</summary>
    public ulong Value => _value;

    /// <summary>Whether this is no address.</summary>
    public bool IsNone => _value == 0;

    /// <summary>Makes an address from its number.</summary>
    public static explicit operator PhysicalAddress(ulong value) => new(value);

    /// <summary>The number of the byte.</summary>
    public static explicit operator ulong(PhysicalAddress address) => address._value;

    /// <summary>The address <paramref name="bytes"/> bytes further on, in 64-bit arithmetic that wraps.</summary>
    public static PhysicalAddress operator +(PhysicalAddress address, long bytes) => new(unchecked(address._value + (ulong)bytes));

    /// <summary>The distance in bytes from <paramref name="right"/> to <paramref name="left"/>.</summary>
    public static long operator -(PhysicalAddress left, PhysicalAddress right) => unchecked((long)(left._value - right._value));

    /// <summary>Whether two addresses are the same.</summary>
    public static bool operator ==(PhysicalAddress left, PhysicalAddress right) => left._value == right._value;

    /// <summary>Whether two addresses differ.</summary>
    public static bool operator !=(PhysicalAddress left, PhysicalAddress right) => left._value != right._value;

    /// <summary>Whether <paramref name="left"/> is the lower address.</summary>
    public static bool operator <(PhysicalAddress left, PhysicalAddress right) => left._value < right._value;

    /// <summary>Whether <paramref name="left"/> is the lower address, or the same.</summary>
    public static bool operator <=(PhysicalAddress left, PhysicalAddress right) => left._value <= right._value;

    /// <summary>Whether <paramref name="left"/> is the higher address.</summary>
    public static bool operator >(PhysicalAddress left, PhysicalAddress right) => left._value > right._value;

    /// <summary>Whether <paramref name="left"/> is the higher address, or the same.</summary>
    public static bool operator >=(PhysicalAddress left, PhysicalAddress right) => left._value >= right._value;

    /// <summary>The address <paramref name="bytes"/> bytes further on, in 64-bit arithmetic that wraps.</summary>
    public static PhysicalAddress Add(PhysicalAddress address, long bytes) => address + bytes;

    /// <summary>The distance in bytes from <paramref name="right"/> to <paramref name="left"/>.</summary>
    public static long Subtract(PhysicalAddress left, PhysicalAddress right) => left - right;

    /// <summary>Whether the address is a multiple of <paramref name="alignment"/> bytes, a power of two.</summary>
    public bool IsAligned(ulong alignment) => (_value & (alignment - 1)) == 0;

    /// <inheritdoc/>
    public int CompareTo(PhysicalAddress other) => _value.CompareTo(other._value);

    /// <inheritdoc/>
    public bool Equals(PhysicalAddress other) => _value == other._value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PhysicalAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _value.GetHashCode();

    /// <summary>The address as text, hexadecimal.</summary>
    public override string ToString() => "0x" + _value.ToString("x", CultureInfo.InvariantCulture);
}
