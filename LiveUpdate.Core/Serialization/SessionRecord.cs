using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>A copy of a session's entry, and the ways to write one (reference 2.4, 80 bytes).</summary>
/// <remarks>
/// A copy once made cannot change. The parts of an entry can be written one by one, because a freeze writes the files of a session
/// before its name (reference F-32). Nothing is allocated. Reading is safe for threads.
/// </remarks>
public readonly struct SessionRecord
{
    private readonly LuoSessionSer _record;

    private SessionRecord(in LuoSessionSer record) => _record = record;

    /// <summary>The name: the bytes before the first NUL, at most 63 (reference A-32).</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Name => FixedString.ReadName(_record.Name);

    /// <summary>The first file block, not checked; <see cref="PhysicalAddress.None"/> if the session is empty.</summary>
    public PhysicalAddress Files => new(_record.FileSet.FilesAddress);

    /// <summary>The number of files that the entry claims; it may disagree with <see cref="Files"/> (reference A-31).</summary>
    public ulong FileCount => _record.FileSet.Count;

    /// <summary>Whether the session is empty: no file block, whatever <see cref="FileCount"/> says (reference A-31).</summary>
    public bool IsEmpty => Files.IsNone;

    /// <summary>Copies an entry.</summary>
    /// <param name="entry">The entry, at least 80 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static SessionRecord Read(ReadOnlySpan<byte> entry)
    {
        Require.AtLeast(entry.Length, LuoAbi.SessionSize, nameof(entry));
        return new SessionRecord(MemoryMarshal.Read<LuoSessionSer>(entry));
    }

    /// <summary>Writes an entry.</summary>
    /// <param name="entry">A zeroed entry, at least 80 bytes.</param>
    /// <param name="name">The name; more than 63 bytes are cut (reference A-05).</param>
    /// <param name="files">The first file block, or <see cref="PhysicalAddress.None"/>.</param>
    /// <param name="fileCount">The number of files.</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static void Write(Span<byte> entry, ReadOnlySpan<byte> name, PhysicalAddress files, ulong fileCount)
    {
        WriteName(entry, name);
        WriteFiles(entry, files, fileCount);
    }

    /// <summary>Writes the name of an entry.</summary>
    /// <param name="entry">An entry with a zeroed name, at least 80 bytes.</param>
    /// <param name="name">The name; more than 63 bytes are cut (reference A-05).</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static void WriteName(Span<byte> entry, ReadOnlySpan<byte> name)
    {
        Require.AtLeast(entry.Length, LuoAbi.SessionSize, nameof(entry));
        FixedString.Write(entry[..LuoAbi.SessionNameLength], name);
    }

    /// <summary>Writes where the files of an entry are.</summary>
    /// <param name="entry">The entry, at least 80 bytes.</param>
    /// <param name="files">The first file block, or <see cref="PhysicalAddress.None"/>.</param>
    /// <param name="fileCount">The number of files.</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static void WriteFiles(Span<byte> entry, PhysicalAddress files, ulong fileCount)
    {
        Require.AtLeast(entry.Length, LuoAbi.SessionSize, nameof(entry));
        MemoryMarshal.AsRef<LuoSessionSer>(entry).FileSet = new LuoFileSetSer { FilesAddress = files.Value, Count = fileCount };
    }

    /// <summary>Zeroes the name and the files of an entry, as the roll-back of a freeze does (reference F-35).</summary>
    /// <param name="entry">The entry, at least 80 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static void Clear(Span<byte> entry)
    {
        Require.AtLeast(entry.Length, LuoAbi.SessionSize, nameof(entry));
        entry[..LuoAbi.SessionSize].Clear();
    }
}
