using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost;

/// <summary>The few calls that .NET has nothing for.</summary>
internal static partial class Libc
{
    private const int EFD_CLOEXEC = 0x80000;

    public static SafeFileHandle EventFd(uint value) => EventFd(value, EFD_CLOEXEC);

    /// <summary>Closes a number behind the back of whoever owns it.</summary>
    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    public static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial SafeFileHandle EventFd(uint value, int flags);
}
