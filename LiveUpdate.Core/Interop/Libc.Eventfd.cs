using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const int EFD_CLOEXEC = 0x80000;
    internal const int EFD_NONBLOCK = 0x800;

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial SafeFileHandle Eventfd(uint value, int flags);
}
