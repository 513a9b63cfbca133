using System.Runtime.Versioning;

namespace LiveUpdate.Interop;

/// <summary>The C library of Linux: one function with its constants and structs per file, nothing above the call itself.</summary>
/// <remarks>Offsets and lengths are the platform's <c>long</c>: the names without 64 exist in every C library.</remarks>
[SupportedOSPlatform("linux")]
internal static partial class Libc
{
    private const string Library = "libc";
}
