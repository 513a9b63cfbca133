using System.Globalization;

namespace LiveUpdate;

/// <summary>
/// The 64-bit number that names a file within one session, picked by the user (reference, part 1 and F-12).
/// </summary>
/// <remarks>Every value is legal, 0 included. Unique within one session only; two sessions may use the same token.</remarks>
public readonly struct Token : IEquatable<Token>, IComparable<Token>, IFormattable
{
    private readonly ulong _value;

    /// <summary>Makes a token from its number.</summary>
    /// <param name="value">Any value.</param>
    public Token(ulong value) => _value = value;

    /// <summary>The number that lies in the image.</summary>
    public ulong Value => _value;

    /// <summary>Makes a token from a signed number.</summary>
    /// <param name="value">A number that is not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is negative.</exception>
    public static Token From(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        return new Token((ulong)value);
    }

    /// <summary>Makes a token from its number.</summary>
    /// <param name="value">Any value.</param>
    public static implicit operator Token(ulong value) => new(value);

    /// <summary>Whether two tokens are the same number.</summary>
    public static bool operator ==(Token left, Token right) => left._value == right._value;

    /// <summary>Whether two tokens are different numbers.</summary>
    public static bool operator !=(Token left, Token right) => left._value != right._value;

    /// <summary>Whether <paramref name="left"/> is the smaller number.</summary>
    public static bool operator <(Token left, Token right) => left._value < right._value;

    /// <summary>Whether <paramref name="left"/> is the smaller number, or the same.</summary>
    public static bool operator <=(Token left, Token right) => left._value <= right._value;

    /// <summary>Whether <paramref name="left"/> is the larger number.</summary>
    public static bool operator >(Token left, Token right) => left._value > right._value;

    /// <summary>Whether <paramref name="left"/> is the larger number, or the same.</summary>
    public static bool operator >=(Token left, Token right) => left._value >= right._value;

    /// <inheritdoc/>
    public int CompareTo(Token other) => _value.CompareTo(other._value);

    /// <inheritdoc/>
    public bool Equals(Token other) => _value == other._value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Token other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _value.GetHashCode();

    /// <summary>The token as text: hexadecimal, as kernel messages print it.</summary>
    public override string ToString() => ToString(null, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) =>
        format is null ? "0x" + _value.ToString("x", CultureInfo.InvariantCulture) : _value.ToString(format, formatProvider);
}
