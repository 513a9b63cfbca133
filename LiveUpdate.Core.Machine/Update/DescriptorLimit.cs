using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Update;

/// <summary>The limit of this process's descriptors.</summary>
internal static partial class DescriptorLimit
{
    private const int RLIMIT_NOFILE = 7;

    /// <summary>The number that the next descriptor gets.</summary>
    public static ulong LowestFree()
    {
        using SafeFileHandle file = File.OpenHandle("/dev/null");
        return (ulong)file.DangerousGetHandle();
    }

    /// <summary>Sets the soft limit.</summary>
    /// <returns>0, or -1 with an errno.</returns>
    public static int Set(ulong soft, out ulong before)
    {
        int result = Get(RLIMIT_NOFILE, out Limit limit);
        before = limit.Soft;
        limit.Soft = soft;
        return result != 0 ? result : Put(RLIMIT_NOFILE, limit);
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int Get(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int Put(int resource, in Limit limit);

    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
