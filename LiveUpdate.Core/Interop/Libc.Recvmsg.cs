using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    internal static unsafe partial nint Recvmsg(SafeHandle socket, ref MessageHeader message, int flags);
}
