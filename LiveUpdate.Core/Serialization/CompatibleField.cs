using System.Diagnostics.CodeAnalysis;
using System.Text;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>The compatible string of a handler or FLB, encoded once as the 48-byte field that goes into every record of it.</summary>
/// <remarks>
/// Only strings that match themselves when they are read can be encoded: 1 to 47 bytes, no NUL (reference 4.13, A-34). Usable as the
/// key of a dictionary: <see cref="TryRead"/> makes the key from a record without allocating. Safe for threads.
/// </remarks>
public readonly struct CompatibleField : IEquatable<CompatibleField>
{
    private readonly Bytes48 _bytes;
    private readonly int _length;

    /// <summary>Encodes a string.</summary>
    /// <param name="compatible">The string in UTF-8, 1 to 47 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="compatible"/> is empty, too long, or holds a NUL.</exception>
    public CompatibleField(ReadOnlySpan<byte> compatible)
    {
        if (compatible.IsEmpty || compatible.Length >= LuoAbi.CompatibleLength || compatible.Contains((byte)0))
            throw new ArgumentException("A compatible string has 1 to 47 bytes and no NUL.", nameof(compatible));

        _length = FixedString.Write(_bytes, compatible);
    }

    /// <summary>Whether two strings are the same.</summary>
    public static bool operator ==(in CompatibleField left, in CompatibleField right) => left.Bytes.SequenceEqual(right.Bytes);

    /// <summary>Whether two strings differ.</summary>
    public static bool operator !=(in CompatibleField left, in CompatibleField right) => !(left == right);

    /// <summary>Encodes a string.</summary>
    /// <param name="compatible">The string, 1 to 47 bytes in UTF-8.</param>
    /// <exception cref="ArgumentNullException"><paramref name="compatible"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="compatible"/> is empty, too long, or holds a NUL.</exception>
    public static CompatibleField Encode(string compatible)
    {
        ArgumentNullException.ThrowIfNull(compatible);
        return new CompatibleField(Encoding.UTF8.GetBytes(compatible));
    }

    /// <summary>Copies the string of a record's field; bytes after its first NUL become 0.</summary>
    /// <param name="field">The field, at least 48 bytes.</param>
    /// <param name="compatible">The string; default when the result is false.</param>
    /// <returns>Whether the field holds one that can match: not empty, and with its NUL (reference A-34).</returns>
    /// <exception cref="ArgumentException"><paramref name="field"/> is shorter than 48 bytes.</exception>
    public static bool TryRead(ReadOnlySpan<byte> field, out CompatibleField compatible)
    {
        Require.AtLeast(field.Length, LuoAbi.CompatibleLength, nameof(field));
        Bytes48 copy = default;
        field[..LuoAbi.CompatibleLength].CopyTo(copy);
        ReadOnlySpan<byte> text = FixedString.Read(copy);
        bool possible = text.Length is > 0 and < LuoAbi.CompatibleLength;
        compatible = possible ? new CompatibleField(text) : default;
        return possible;
    }

    /// <summary>The 48 bytes as they lie in a record.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The string in UTF-8, without its NUL.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Text => Bytes[.._length];

    /// <summary>Whether a record's field holds this string; bytes after its first NUL are not looked at (reference A-05).</summary>
    /// <param name="field">The field, at least 48 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="field"/> is shorter than 48 bytes.</exception>
    public bool Matches(ReadOnlySpan<byte> field)
    {
        Require.AtLeast(field.Length, LuoAbi.CompatibleLength, nameof(field));

        // The whole field is equal in every record that a writer left zeroed behind the NUL, and comparing 48 bytes is the fastest.
        return field[..LuoAbi.CompatibleLength].SequenceEqual(Bytes) || field[..(_length + 1)].SequenceEqual(Bytes[..(_length + 1)]);
    }

    /// <inheritdoc/>
    public bool Equals(CompatibleField other) => this == other;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is CompatibleField other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Text);
        return hash.ToHashCode();
    }

    /// <summary>The string.</summary>
    public override string ToString() => FixedString.Intern(Text);
}
