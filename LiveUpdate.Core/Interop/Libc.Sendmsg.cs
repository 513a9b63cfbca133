using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    internal static unsafe partial nint Sendmsg(SafeHandle socket, in MessageHeader message, int flags);
}
