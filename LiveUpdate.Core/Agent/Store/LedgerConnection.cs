using System.Runtime.InteropServices;

namespace LiveUpdate.Agent;

/// <summary>A connection of the ledger, 64 bytes.</summary>
/// <remarks>
/// <para>Phase and count lie in one word and change together: whoever reads them after a death knows which request the phase is of.</para>
/// <code>
/// off  size  field
///   0     4  state       <see cref="LedgerConnectionState"/>; written last, and first when it goes
///   4     4  user        user id of the client
///   8     4  phase       <see cref="LedgerPhase"/> of the request
///  12     4  count       requests taken since the connection was made, modulo 2^32
///  16     4  request     number of the request
///  20     4  errno       what became of it, if answered
///  24     4  session     index of its session, -1 for none
///  28     4  file        index of the file that the request makes, -1 for none
///  32     4  process     process id of the client
///  36    28  reserved    0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct LedgerConnection
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 64;

    /// <summary><see cref="State"/> as it lies there.</summary>
    [FieldOffset(0)]
    public uint RawState;

    /// <summary>The user id of the client.</summary>
    [FieldOffset(4)]
    public uint User;

    /// <summary><see cref="Phase"/> in the lower half and <see cref="Count"/> in the upper one.</summary>
    [FieldOffset(8)]
    public ulong PhaseAndCount;

    /// <summary>The number of the request.</summary>
    [FieldOffset(16)]
    public uint Request;

    /// <summary>What became of it: 0 or a positive errno. Only in <see cref="LedgerPhase.Answered"/>.</summary>
    [FieldOffset(20)]
    public int Errno;

    /// <summary>The index of its session; -1 for none.</summary>
    [FieldOffset(24)]
    public int Session;

    /// <summary>The index of the file that the request makes; -1 for none.</summary>
    [FieldOffset(28)]
    public int File;

    /// <summary>The process id of the client when it connected.</summary>
    [FieldOffset(32)]
    public int Process;

    /// <summary>What the record stands for.</summary>
    public readonly LedgerConnectionState State => (LedgerConnectionState)RawState;

    /// <summary>How far the request is.</summary>
    public readonly LedgerPhase Phase => (LedgerPhase)(uint)PhaseAndCount;

    /// <summary>How many requests were taken, modulo 2^32.</summary>
    public readonly uint Count => (uint)(PhaseAndCount >> 32);

    /// <summary>Phase and count as they lie there.</summary>
    public static ulong Combine(LedgerPhase phase, uint count) => ((ulong)count << 32) | (uint)phase;
}
