using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost;

/// <summary>The few calls that .NET has nothing for.</summary>
internal static partial class Libc
{
    private const int EFD_CLOEXEC = 0x80000;
    private const uint MFD_CLOEXEC = 1;
    private const uint MFD_ALLOW_SEALING = 2;
    private const int F_ADD_SEALS = 1033;
    private const int RLIMIT_NOFILE = 7;
    private const int O_WRONLY = 1;
    private const int O_CREAT = 0x40;
    private const int O_APPEND = 0x400;
    private const int O_CLOEXEC = 0x80000;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int LOCK_UN = 8;

    public static SafeFileHandle EventFd(uint value) => EventFd(value, EFD_CLOEXEC);

    /// <summary>The count of an eventfd, which is 0 afterwards.</summary>
    public static ulong ReadEvents(SafeFileHandle events)
    {
        Span<byte> count = stackalloc byte[sizeof(ulong)];
        RandomAccess.Read(events, count, 0);
        return BitConverter.ToUInt64(count);
    }

    /// <summary>A memfd of a length with seals.</summary>
    public static SafeFileHandle Memfd(long length, int seals)
    {
        SafeFileHandle file = Memfd("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        RandomAccess.SetLength(file, length);
        Check(AddSeals(file, F_ADD_SEALS, seals));
        return file;
    }

    /// <summary>Lets this process have descriptors below a number only; those that it has stay.</summary>
    /// <returns>The limit until now.</returns>
    public static ulong LimitDescriptors(ulong end)
    {
        Check(GetLimit(RLIMIT_NOFILE, out ResourceLimit limit));
        ulong before = limit.Soft;
        limit.Soft = end;
        Check(SetLimit(RLIMIT_NOFILE, limit));
        return before;
    }

    /// <summary>Makes this process, all of its threads, another user's, for good.</summary>
    public static void BecomeUser(uint user) => Check(SetUser(user, user, user));

    /// <summary>Closes a number behind the back of whoever owns it.</summary>
    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    public static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "getuid")]
    public static partial uint User();

    /// <summary>Opens a file whose every write goes to its end, and makes it if there is none.</summary>
    public static SafeFileHandle OpenToAppend(string path)
    {
        SafeFileHandle file = Open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0x180);
        return file.IsInvalid ? throw new IOException($"errno {Marshal.GetLastPInvokeError()}") : file;
    }

    /// <summary>Takes the lock of an open file, unless another one of the same file has it.</summary>
    public static bool TryLock(SafeHandle file) => Lock(file, LOCK_EX | LOCK_NB) == 0;

    public static void Unlock(SafeHandle file) => Check(Lock(file, LOCK_UN));

    /// <summary>The end of this process's receiving, with 0: the other end can send no more.</summary>
    [LibraryImport("libc", EntryPoint = "shutdown")]
    public static partial int ShutDownReceiving(SafeHandle socket, int how);

    private static void Check(int result)
    {
        if (result != 0)
            throw new IOException($"errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial SafeFileHandle EventFd(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Memfd(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int AddSeals(SafeHandle file, int command, int seals);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    private static partial int SetUser(uint real, uint effective, uint saved);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
