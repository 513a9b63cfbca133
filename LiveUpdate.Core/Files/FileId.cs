using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LiveUpdate;

/// <summary>
/// Identifies the object behind a file, so that one object is not preserved twice (reference F-05, H-02).
/// </summary>
/// <remarks>
/// The set of ids is shared by all sessions, all handlers and both sides. Without an override of <c>GetId</c> a descriptor is
/// identified by its open file description and any other object by its reference.
/// </remarks>
public readonly struct FileId : IEquatable<FileId>
{
    private readonly object? _reference;
    private readonly ulong _high;
    private readonly ulong _low;
    private readonly bool _isDescription;

    /// <summary>An id that is the identity of an object.</summary>
    /// <param name="reference">The object.</param>
    /// <exception cref="ArgumentNullException"><paramref name="reference"/> is null.</exception>
    public FileId(object reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        _reference = reference;
    }

    /// <summary>An id that is a pair of numbers, for example device and inode.</summary>
    /// <param name="high">The first number.</param>
    /// <param name="low">The second number.</param>
    public FileId(ulong high, ulong low) => (_high, _low) = (high, low);

    private FileId(SafeHandle handle, ulong device, ulong inode)
    {
        (_reference, _high, _low) = (handle, device, inode);
        _isDescription = true;
    }

    /// <summary>The object whose identity this is; null for a pair of numbers.</summary>
    internal object? Reference => _reference;

    /// <summary>The open file description whose identity this is; null for the other kinds.</summary>
    internal SafeHandle? Description => _isDescription ? Unsafe.As<SafeHandle>(_reference) : null;

    /// <summary>Device and inode of an open file description; the pair of numbers otherwise.</summary>
    internal (ulong High, ulong Low) Numbers => (_high, _low);

    /// <summary>Whether two ids are the same.</summary>
    public static bool operator ==(FileId left, FileId right) => left.Equals(right);

    /// <summary>Whether two ids differ.</summary>
    public static bool operator !=(FileId left, FileId right) => !left.Equals(right);

    /// <summary>An id that is the identity of an open file description; device and inode narrow the search.</summary>
    internal static FileId OfDescription(SafeHandle handle, ulong device, ulong inode) => new(handle, device, inode);

    /// <inheritdoc/>
    public bool Equals(FileId other) => ReferenceEquals(_reference, other._reference) && _high == other._high && _low == other._low;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FileId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(_reference is null ? 0 : RuntimeHelpers.GetHashCode(_reference), _high, _low);

    /// <summary>The id as text, for messages.</summary>
    public override string ToString() => _reference is null ? $"{_high:x}:{_low:x}" : _reference.GetType().Name;
}
