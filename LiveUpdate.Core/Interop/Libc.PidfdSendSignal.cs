using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const int SIGKILL = 9;
    internal const int SIGPIPE = 13;
    internal const int SIGTERM = 15;

    private const int SYS_pidfd_send_signal = 424;

    /// <summary><c>pidfd_send_signal</c>, by its number.</summary>
    internal static int PidfdSendSignal(SafeHandle process, int signal) =>
        (int)SyscallPidfdSendSignal(SYS_pidfd_send_signal, process, signal, 0, 0);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long SyscallPidfdSendSignal(long number, SafeHandle process, long signal, nint information, long flags);
}
