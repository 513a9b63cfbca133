using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>One entry of the library's own table of file names, 136 bytes, 30 to a block.</summary>
/// <remarks>
/// <code>
/// off  size  field
///   0     8  token    of the file
///   8    64  session  name of the session, as in its record
///  72    64  name     text and NUL; empty in an entry that is free
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = Size)]
public struct FileNameSer
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 136;

    /// <summary>The longest name in bytes, without its NUL.</summary>
    public const int MaxName = 63;

    /// <summary>The token of the file.</summary>
    public ulong Token;

    /// <summary>The name of the session.</summary>
    public Bytes64 Session;

    /// <summary>The name of the file; empty in a free entry.</summary>
    public Bytes64 Name;
}
