using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const int SO_PEERCRED = 17;
    internal const int SO_PEERPIDFD = 77;

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    internal static partial int Getsockopt(SafeHandle socket, int level, int option, Span<int> value, ref uint bytes);
}
