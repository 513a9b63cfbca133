using System.Diagnostics.CodeAnalysis;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>A copy of the entry of a file-lifecycle-bound object (reference 2.5, 64 bytes).</summary>
/// <remarks>Made by <see cref="FlbPage.Read"/>, which has checked it. Safe for threads.</remarks>
public readonly struct FlbRecord
{
    private readonly LuoFlbSer _record;

    internal FlbRecord(in LuoFlbSer record) => _record = record;

    /// <summary>The 48 bytes of the FLB's compatible string.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> NameBytes => _record.Name;

    /// <summary>The FLB's compatible string: the bytes before the first NUL.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Name => FixedString.Read(_record.Name);

    /// <summary>The data handle, not checked.</summary>
    public DataHandle Data => new(_record.Data);

    /// <summary>The reference count at freeze, at least 1.</summary>
    public ulong Count => _record.Count;
}
