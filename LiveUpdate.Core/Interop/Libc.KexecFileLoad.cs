using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const nuint KEXEC_FILE_UNLOAD = 0x1;
    internal const nuint KEXEC_FILE_NO_INITRAMFS = 0x4;

    private static nint KexecFileLoadNumber => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 320 : 294;

    /// <summary><c>kexec_file_load</c>, which the C library has no function for, by its number.</summary>
    /// <param name="kernel">The image.</param>
    /// <param name="initrd">The initial RAM disk; any descriptor with <see cref="KEXEC_FILE_NO_INITRAMFS"/>.</param>
    /// <param name="commandLine">In UTF-8 with its NUL.</param>
    /// <param name="flags">KEXEC_FILE bits.</param>
    internal static int KexecFileLoad(SafeFileHandle kernel, SafeFileHandle initrd, ReadOnlySpan<byte> commandLine, nuint flags) =>
        (int)SyscallKexecFileLoad(KexecFileLoadNumber, kernel, initrd, (nuint)commandLine.Length, commandLine, flags);

    /// <summary>Unloads the image that is loaded.</summary>
    internal static int KexecFileUnload() => (int)SyscallKexecFileUnload(KexecFileLoadNumber, -1, -1, 0, 0, KEXEC_FILE_UNLOAD);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SyscallKexecFileLoad(
        nint number, SafeFileHandle kernel, SafeFileHandle initrd, nuint length, ReadOnlySpan<byte> commandLine, nuint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SyscallKexecFileUnload(nint number, nint kernel, nint initrd, nuint length, nint commandLine, nuint flags);
}
