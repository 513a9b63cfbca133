using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    /// <summary>Maps the pages of a range for writing; unknown before Linux 5.14 (EINVAL).</summary>
    internal const int MADV_POPULATE_WRITE = 23;

    [SupportedOSPlatform("linux")]
    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Madvise(nint address, nuint length, int advice);
}
