using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const int KCMP_FILE = 0;

    /// <summary><c>kcmp</c>, which the C library has no function for, by its number.</summary>
    internal static int Kcmp(int process1, int process2, int type, SafeHandle file1, SafeHandle file2) =>
        (int)SyscallKcmp(KcmpNumber, process1, process2, type, file1, file2);

    private static long KcmpNumber => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 312 : 272;

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long SyscallKcmp(long number, long process1, long process2, long type, SafeHandle file1, SafeHandle file2);
}
