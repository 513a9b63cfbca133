using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>One session whose descriptors travel in a session of the kernel, 80 bytes.</summary>
/// <remarks>
/// <code>
/// off  size  field
///   0    64  name      the session's name, with its NUL
///  64     4  number    of the kernel's session: its name is that of the orchestrator's, a dot, and this in decimal
///  68     4  reserved  0
///  72     8  files     descriptors in it
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = Size)]
public struct CarriedSessionSer
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 80;

    /// <summary>The session's name.</summary>
    public Bytes64 Name;

    /// <summary>The number in the name of the kernel's session.</summary>
    public uint Number;

    /// <summary>0.</summary>
    public uint Reserved;

    /// <summary>How many descriptors are in it.</summary>
    public ulong Files;
}
