using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>A copy of a file's entry, and the ways to write one (reference 2.4, 64 bytes).</summary>
/// <remarks>A copy once made cannot change. Nothing is allocated. Reading is safe for threads.</remarks>
public readonly struct FileRecord
{
    private readonly LuoFileSer _record;

    private FileRecord(in LuoFileSer record) => _record = record;

    /// <summary>The 48 bytes of the handler's compatible string.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> CompatibleBytes => _record.Compatible;

    /// <summary>The handler's compatible string: the bytes before the first NUL.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Compatible => FixedString.Read(_record.Compatible);

    /// <summary>Whether the compatible string has its NUL; one without matches no handler (reference A-34).</summary>
    public bool IsTerminated => FixedString.IsTerminated(_record.Compatible);

    /// <summary>The data handle, not checked.</summary>
    public DataHandle Data => new(_record.Data);

    /// <summary>The token.</summary>
    public Token Token => new(_record.Token);

    /// <summary>Copies an entry.</summary>
    /// <param name="entry">The entry, at least 64 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static FileRecord Read(ReadOnlySpan<byte> entry)
    {
        Require.AtLeast(entry.Length, LuoAbi.FileSize, nameof(entry));
        return new FileRecord(MemoryMarshal.Read<LuoFileSer>(entry));
    }

    /// <summary>Writes an entry.</summary>
    /// <param name="entry">A zeroed entry, at least 64 bytes.</param>
    /// <param name="compatible">The handler's compatible string; more than 47 bytes are cut (reference A-05).</param>
    /// <param name="data">The data handle.</param>
    /// <param name="token">The token.</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static void Write(Span<byte> entry, ReadOnlySpan<byte> compatible, DataHandle data, Token token)
    {
        Require.AtLeast(entry.Length, LuoAbi.FileSize, nameof(entry));
        ref LuoFileSer record = ref MemoryMarshal.AsRef<LuoFileSer>(entry);
        FixedString.Write(record.Compatible, compatible);
        record.Data = data.Value;
        record.Token = token.Value;
    }

    /// <summary>Writes an entry with a string that is encoded already: the fastest way to write a single one.</summary>
    /// <param name="entry">The entry, at least 64 bytes; all of it is written.</param>
    /// <param name="compatible">The handler's compatible string.</param>
    /// <param name="data">The data handle.</param>
    /// <param name="token">The token.</param>
    /// <exception cref="ArgumentException"><paramref name="entry"/> is shorter than the record.</exception>
    public static void Write(Span<byte> entry, in CompatibleField compatible, DataHandle data, Token token)
    {
        Require.AtLeast(entry.Length, LuoAbi.FileSize, nameof(entry));
        compatible.Bytes.CopyTo(entry);
        MemoryMarshal.Write(entry[LuoAbi.CompatibleLength..], new FileRecordData(data, token));
    }
}
