using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

// Who this process is; none of these can fail.
internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "getppid")]
    internal static partial int Getppid();

    [LibraryImport(Library, EntryPoint = "geteuid")]
    internal static partial uint Geteuid();
}
