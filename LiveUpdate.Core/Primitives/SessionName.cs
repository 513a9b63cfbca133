using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace LiveUpdate;

/// <summary>
/// The name of a session: 1 to 63 bytes of any value, unique on its side (reference S-01, S-03).
/// </summary>
/// <remarks>
/// The kernel's names are bytes. As text they are UTF-8; bytes that are not valid UTF-8 are shown as U+FFFD, and two names are the same only
/// if their bytes are.
/// </remarks>
public readonly struct SessionName : IEquatable<SessionName>
{
    /// <summary>The most bytes a name may have (reference 4.13).</summary>
    public const int MaxLength = 63;

    private readonly byte[]? _utf8;
    private readonly string? _text;

    private SessionName(byte[] utf8, string text) => (_utf8, _text) = (utf8, text);

    /// <summary>The bytes of the name, without a NUL.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    /// <summary>Makes a name from text.</summary>
    /// <param name="text">1 to 63 bytes in UTF-8, without a NUL.</param>
    /// <param name="name">The name.</param>
    /// <returns>False if the text is empty, too long, or holds a NUL.</returns>
    public static bool TryCreate([NotNullWhen(true)] string? text, out SessionName name)
    {
        name = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
            return false;
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        if (utf8.Length > MaxLength || utf8.AsSpan().Contains((byte)0))
            return false;
        name = new SessionName(utf8, text);
        return true;
    }

    /// <summary>Makes a name from bytes.</summary>
    /// <param name="utf8">1 to 63 bytes without a NUL.</param>
    /// <param name="name">The name.</param>
    /// <returns>False if there are none, too many, or a NUL among them.</returns>
    public static bool TryCreate(ReadOnlySpan<byte> utf8, out SessionName name)
    {
        name = default;
        if (utf8.IsEmpty || utf8.Length > MaxLength || utf8.Contains((byte)0))
            return false;
        name = new SessionName(utf8.ToArray(), Decode(utf8));
        return true;
    }

    /// <summary>The name in a record of the image, which may be anything that ends within 63 bytes (reference A-32).</summary>
    internal static SessionName FromImage(ReadOnlySpan<byte> utf8) => new(utf8.ToArray(), Decode(utf8));

    /// <summary>Whether two names have the same bytes.</summary>
    public static bool operator ==(SessionName left, SessionName right) => left.Equals(right);

    /// <summary>Whether two names differ in a byte.</summary>
    public static bool operator !=(SessionName left, SessionName right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(SessionName other) => Utf8.SequenceEqual(other.Utf8);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SessionName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Utf8);
        return hash.ToHashCode();
    }

    /// <summary>The name as text.</summary>
    public override string ToString() => _text ?? "";

    /// <summary>Bytes of a name as text, also where they are not valid UTF-8.</summary>
    internal static string Decode(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
