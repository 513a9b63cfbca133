using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    /// <summary>Jumps into the kernel that is loaded; comes back only if that fails.</summary>
    internal const int RB_KEXEC = 0x45584543;

    [LibraryImport(Library, EntryPoint = "reboot", SetLastError = true)]
    internal static partial int Reboot(int command);
}
