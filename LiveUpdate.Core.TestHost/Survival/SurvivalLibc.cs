using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Survival;

/// <summary>What it takes to open descriptors of every kind.</summary>
internal static unsafe partial class SurvivalLibc
{
    public const int O_RDWR = 0x2;
    public const int O_CREAT = 0x40;
    public const int O_NOCTTY = 0x100;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;

    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;

    public const int F_SETFD = 2;
    public const int F_SETLK = 6;
    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public static SafeFileHandle IoUring()
    {
        // The kernel writes its parameters, 120 bytes, here.
        byte* parameters = stackalloc byte[120];
        new Span<byte>(parameters, 120).Clear();
        return Owned(Syscall(425, 8, (nint)parameters, 0, 0));
    }

    public static SafeFileHandle SignalFd()
    {
        // An empty signal set, 8 bytes for the kernel.
        ulong set = 0;
        return Owned(Syscall(IsX64 ? 289 : 74, -1, (nint)(&set), sizeof(ulong), O_CLOEXEC));
    }

    public static SafeFileHandle UserFault() => Owned(Syscall(IsX64 ? 323 : 282, O_CLOEXEC | 1, 0, 0, 0));

    public static SafeFileHandle PidFd(int process) => Owned(Syscall(434, process, 0, 0, 0));

    public static bool CanSignal(SafeHandle pidFd)
    {
        using var held = new HeldHandle(pidFd);
        return Syscall(424, held.Number, 0, 0, 0) == 0;
    }

    public static SafeFileHandle SecretMemory() => Owned(Syscall(447, O_CLOEXEC, 0, 0, 0));

    public static void StartTimer(SafeHandle timer)
    {
        // struct itimerspec: no interval, and one millisecond from now.
        long* specification = stackalloc long[4] { 0, 0, 0, 1_000_000 };
        Check(TimerFdSetTime(timer, 0, specification, null));
    }

    public static void Write(SafeHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            Check(Write(file, start, (nuint)bytes.Length));
    }

    /// <summary>Reads once.</summary>
    public static byte[] Read(SafeHandle file)
    {
        byte* buffer = stackalloc byte[8192];
        return new Span<byte>(buffer, (int)Check(Read(file, buffer, 8192))).ToArray();
    }

    public static void SendMessage(SafeHandle queue, ReadOnlySpan<byte> message)
    {
        fixed (byte* start = message)
            Check(MqSend(queue, start, (nuint)message.Length, 0));
    }

    public static byte[] ReceiveMessage(SafeHandle queue)
    {
        byte* buffer = stackalloc byte[8192];
        return new Span<byte>(buffer, (int)Check(MqReceive(queue, buffer, 8192, null))).ToArray();
    }

    /// <summary>Runs an action on the first page of a file, mapped.</summary>
    public static byte MapFirstByte(SafeHandle file, byte? write)
    {
        byte* start = (byte*)Map(0, 4096, 3, 1, file, 0);
        if (start == (byte*)-1)
            throw new IOException($"mmap: errno {Marshal.GetLastPInvokeError()}");
        if (write is { } value)
            *start = value;
        return *start;
    }

    public static SafeFileHandle OpenTerminal(out SafeFileHandle slave)
    {
        SafeFileHandle master = Owned(PosixOpenPt(O_RDWR | O_NOCTTY));
        if (!master.IsInvalid)
            Check(UnlockPt(master));
        byte* name = stackalloc byte[64];
        slave = master.IsInvalid || PtsName(master, name, 64) != 0
            ? Owned(-1)
            : Open(Marshal.PtrToStringUTF8((nint)name)!, O_RDWR | O_NOCTTY | O_CLOEXEC);
        return master;
    }

    /// <summary>Locks the first byte of a file for writing.</summary>
    public static void LockFirstByte(SafeHandle file, int command)
    {
        var range = new FileLock { Type = F_WRLCK, Length = 1 };
        Check(Fcntl(file, command, &range));
    }

    /// <summary>Whether somebody else, and be it this process by another way, holds a lock of the first byte.</summary>
    public static bool IsFirstByteLocked(SafeHandle file)
    {
        var range = new FileLock { Type = F_WRLCK, Length = 1 };
        Check(Fcntl(file, F_OFD_GETLK, &range));
        return range.Type != F_UNLCK;
    }

    /// <summary>A new open file description of the same file.</summary>
    public static SafeFileHandle OpenAgain(SafeHandle file)
    {
        using var held = new HeldHandle(file);
        return Open($"/proc/self/fd/{held.Number}", O_RDWR | O_CLOEXEC);
    }

    public static void PassOn(SafeHandle file) => Check(Fcntl(file, F_SETFD, null));

    public static SafeFileHandle Owned(long descriptor) => new((nint)descriptor, ownsHandle: true);

    private static long Check(long result) => result >= 0 ? result : throw new IOException($"errno {Marshal.GetLastPInvokeError()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial SafeFileHandle IoctlOpen(SafeHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int FLock(SafeHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial SafeFileHandle EventFd(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "timerfd_create", SetLastError = true)]
    public static partial SafeFileHandle TimerFd(int clock, int flags);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial SafeFileHandle Epoll(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial SafeFileHandle Inotify(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int InotifyAddWatch(SafeHandle inotify, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Memfd(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(SafeHandle file, nint length);

    [LibraryImport("libc", EntryPoint = "mq_open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle MqOpen(string name, int flags, uint mode, nint attributes);

    [LibraryImport("libc", EntryPoint = "mq_unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MqUnlink(string name);

    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int ParentProcess();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "timerfd_settime", SetLastError = true)]
    private static partial int TimerFdSetTime(SafeHandle timer, int flags, long* specification, long* old);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeHandle file, int command, FileLock* argument);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeHandle file, byte* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeHandle file, byte* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "mq_send", SetLastError = true)]
    private static partial int MqSend(SafeHandle queue, byte* bytes, nuint length, uint priority);

    [LibraryImport("libc", EntryPoint = "mq_receive", SetLastError = true)]
    private static partial nint MqReceive(SafeHandle queue, byte* bytes, nuint length, uint* priority);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, SafeHandle file, nint offset);

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int PosixOpenPt(int flags);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int UnlockPt(SafeHandle master);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int PtsName(SafeHandle master, byte* name, nuint length);

    /// <summary><c>struct flock</c> of 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
