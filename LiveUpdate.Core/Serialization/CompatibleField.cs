using System.Diagnostics.CodeAnalysis;
using System.Text;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>The compatible string of a handler or FLB, encoded once as the 48-byte field that goes into every record of it.</summary>
/// <remarks>Only strings that match themselves when they are read can be encoded: 1 to 47 bytes, no NUL (reference 4.13, A-34).</remarks>
public readonly struct CompatibleField
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

    /// <summary>Encodes a string.</summary>
    /// <param name="compatible">The string, 1 to 47 bytes in UTF-8.</param>
    /// <exception cref="ArgumentNullException"><paramref name="compatible"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="compatible"/> is empty, too long, or holds a NUL.</exception>
    public static CompatibleField Encode(string compatible)
    {
        ArgumentNullException.ThrowIfNull(compatible);
        return new CompatibleField(Encoding.UTF8.GetBytes(compatible));
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
        return field[..(_length + 1)].SequenceEqual(Bytes[..(_length + 1)]);
    }

    /// <summary>The string.</summary>
    public override string ToString() => FixedString.Intern(Text);
}
