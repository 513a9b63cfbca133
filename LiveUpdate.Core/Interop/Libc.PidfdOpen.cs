using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    private const int SYS_pidfd_open = 434;

    /// <summary><c>pidfd_open</c>, which older C libraries have no function for, by its number; close-on-exec is set.</summary>
    /// <returns>The descriptor, or -1.</returns>
    internal static int PidfdOpen(int process) => (int)SyscallPidfdOpen(SYS_pidfd_open, process, 0);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long SyscallPidfdOpen(long number, long process, long flags);
}
