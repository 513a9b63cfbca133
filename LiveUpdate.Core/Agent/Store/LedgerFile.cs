using System.Runtime.InteropServices;

namespace LiveUpdate.Agent;

/// <summary>A preserved file of the ledger, 48 bytes.</summary>
/// <remarks>
/// <code>
/// off  size  field
///   0     4  state      <see cref="LedgerFileState"/>; written last, and first when it goes
///   4     4  session    index of its session
///   8     8  token      the client's number for it
///  16     8  size       bytes, for those who ask
///  24     8  sequence   order in which files were preserved
///  32    16  reserved   0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct LedgerFile
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 48;

    /// <summary><see cref="State"/> as it lies there.</summary>
    [FieldOffset(0)]
    public uint RawState;

    /// <summary>The index of its session.</summary>
    [FieldOffset(4)]
    public int Session;

    /// <summary>The client's number for it, one of its session.</summary>
    [FieldOffset(8)]
    public ulong Token;

    /// <summary>How many bytes it had when it was preserved.</summary>
    [FieldOffset(16)]
    public ulong ByteCount;

    /// <summary>Its place in the order in which files were preserved.</summary>
    [FieldOffset(24)]
    public ulong Sequence;

    /// <summary>How far it is.</summary>
    public readonly LedgerFileState State => (LedgerFileState)RawState;
}
