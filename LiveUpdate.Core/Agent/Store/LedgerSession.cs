using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Agent;

/// <summary>A session of the ledger, 128 bytes.</summary>
/// <remarks>
/// <code>
/// off  size  field
///   0     4  state        <see cref="LedgerSessionState"/>; written last, and first when it goes
///   4     4  user         user id of the owner
///   8     8  generation   in which it was made: outgoing in this one, incoming in a later one
///  16     4  connection   index of its connection, -1: parked
///  20     4  name_length  1 to 63
///  24    64  name         bytes, then 0
///  88     8  sequence     order in which sessions were made
///  96    32  reserved     0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct LedgerSession
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 128;

    /// <summary><see cref="State"/> as it lies there.</summary>
    [FieldOffset(0)]
    public uint RawState;

    /// <summary>The user id of the owner.</summary>
    [FieldOffset(4)]
    public uint User;

    /// <summary>The generation in which it was made.</summary>
    [FieldOffset(8)]
    public ulong Generation;

    /// <summary>The index of its connection; -1: it is parked.</summary>
    [FieldOffset(16)]
    public int Connection;

    /// <summary>How many bytes the name has.</summary>
    [FieldOffset(20)]
    public int NameLength;

    /// <summary>The name and zeroes.</summary>
    [FieldOffset(24)]
    public Bytes64 NameBytes;

    /// <summary>Its place in the order in which sessions were made.</summary>
    [FieldOffset(88)]
    public ulong Sequence;

    /// <summary>How far it is.</summary>
    public readonly LedgerSessionState State => (LedgerSessionState)RawState;

    /// <summary>The name: the bytes in the record.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Name => ((ReadOnlySpan<byte>)NameBytes)[..NameLength];
}
