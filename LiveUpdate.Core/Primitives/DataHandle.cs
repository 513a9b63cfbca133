using System.Globalization;

namespace LiveUpdate;

/// <summary>
/// The opaque 64-bit value that a handler or an FLB hands to its counterpart in the next generation (reference, part 1: data handle).
/// </summary>
/// <remarks>The orchestrator carries it and never looks through it. Usually the address of preserved memory.</remarks>
public readonly struct DataHandle : IEquatable<DataHandle>
{
    private readonly ulong _value;

    /// <summary>Makes a handle from its number.</summary>
    /// <param name="value">Any value.</param>
    public DataHandle(ulong value) => _value = value;

    /// <summary>Makes a handle that is an address of preserved memory.</summary>
    /// <param name="address">The address.</param>
    public DataHandle(PhysicalAddress address) => _value = address.Value;

    /// <summary>The number that lies in the image.</summary>
    public ulong Value => _value;

    /// <summary>The handle read as an address of preserved memory.</summary>
    public PhysicalAddress Address => new(_value);

    /// <summary>Makes a handle from its number.</summary>
    public static explicit operator DataHandle(ulong value) => new(value);

    /// <summary>The number that lies in the image.</summary>
    public static explicit operator ulong(DataHandle handle) => handle._value;

    /// <summary>Whether two handles are the same number.</summary>
    public static bool operator ==(DataHandle left, DataHandle right) => left._value == right._value;

    /// <summary>Whether two handles are different numbers.</summary>
    public static bool operator !=(DataHandle left, DataHandle right) => left._value != right._value;

    /// <inheritdoc/>
    public bool Equals(DataHandle other) => _value == other._value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DataHandle other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _value.GetHashCode();

    /// <summary>The handle as text, hexadecimal.</summary>
    public override string ToString() => "0x" + _value.ToString("x", CultureInfo.InvariantCulture);
}
