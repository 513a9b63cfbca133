using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const int P_PID = 1;
    internal const int P_PIDFD = 3;
    internal const int WNOHANG = 1;
    internal const int WEXITED = 4;
    internal const int WNOWAIT = 0x0100_0000;

    internal const int CLD_EXITED = 1;

    /// <summary><c>waitid</c> of a process by its number or its pidfd.</summary>
    [LibraryImport(Library, EntryPoint = "waitid", SetLastError = true)]
    internal static partial int Waitid(int kind, int process, out ChildStatus status, int options);

    /// <summary>The part of <c>siginfo_t</c> that is about a child.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct ChildStatus
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public int Process;

        /// <summary>The exit code, or the signal.</summary>
        [FieldOffset(24)]
        public int Status;
    }
}
