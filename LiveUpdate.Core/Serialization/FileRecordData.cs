using System.Runtime.InteropServices;

namespace LiveUpdate.Serialization;

/// <summary>What differs in the records of one handler's files: the last 16 bytes of each, as they lie there (reference 2.4).</summary>
/// <param name="Data">The data handle after freeze.</param>
/// <param name="Token">The token that the user picked.</param>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public readonly record struct FileRecordData(DataHandle Data, Token Token);
