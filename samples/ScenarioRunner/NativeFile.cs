using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>The system calls of the scenarios: the base library hides their errno, and has no memfds.</summary>
[SupportedOSPlatform("linux")]
internal static partial class NativeFile
{
    private const uint MFD_ALLOW_SEALING = 2;
    private const int F_GETFD = 1;
    private const int F_DUPFD = 0;
    private const int F_ADD_SEALS = 1033;
    private const int F_GET_SEALS = 1034;
    private const int FD_CLOEXEC = 1;
    private const int SEEK_SET = 0;
    private const int SEEK_CUR = 1;
    private const int SEEK_END = 2;
    private const int RLIMIT_NOFILE = 7;
    private const int O_NONBLOCK = 0x800;
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int O_RDWR = 2;
    private const int O_CREAT = 0x40;
    private const int OwnerOnly = 0x180;

    public static LiveUpdateError CreateMemfd(string name, out SafeFileHandle? file) =>
        Open(memfd_create(name, MFD_ALLOW_SEALING), out file);

    public static LiveUpdateError Duplicate(SafeFileHandle file, out SafeFileHandle? copy) => Open(fcntl(file, F_DUPFD, 0), out copy);

    public static LiveUpdateError OpenOther(string kind, string linkedFile, out SafeFileHandle? file, out SafeFileHandle? second)
    {
        second = null;
        int[] pair = new int[2];
        int answer = kind switch
        {
            "devnull" => open("/dev/null", O_RDWR, 0),
            "eventfd" => eventfd(0, 0),
            "pipe" => pipe(pair),
            "socket" => socketpair(AF_UNIX, SOCK_STREAM, 0, pair),
            "linked" => open(linkedFile, O_RDWR | O_CREAT, OwnerOnly),
            _ => throw new FormatException($"The kind of file \"{kind}\" is unknown."),
        };
        if (answer == 0 && kind is "pipe" or "socket")
        {
            second = new SafeFileHandle(pair[1], ownsHandle: true);
            answer = pair[0];
        }

        return Open(answer, out file);
    }

    public static LiveUpdateError Write(SafeFileHandle file, string text, long offset)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Answer(pwrite(file, bytes, (nuint)bytes.Length, (nint)offset));
    }

    public static LiveUpdateError Read(SafeFileHandle file, byte[] buffer, long offset, out int count)
    {
        nint answer = pread(file, buffer, (nuint)buffer.Length, (nint)offset);
        count = (int)Math.Max(0, answer);
        return Answer(answer);
    }

    public static LiveUpdateError Truncate(SafeFileHandle file, long size) => Answer(ftruncate(file, (nint)size));

    public static LiveUpdateError Allocate(SafeFileHandle file, int mode, long offset, long length) =>
        Answer(fallocate(file, mode, (nint)offset, (nint)length));

    public static LiveUpdateError Seek(SafeFileHandle file, long offset) => Answer(lseek(file, (nint)offset, SEEK_SET));

    public static LiveUpdateError AddSeals(SafeFileHandle file, int seals) => Answer(fcntl(file, F_ADD_SEALS, seals));

    public static LiveUpdateError Request(SafeFileHandle file, uint request, byte[] argument) => Answer(ioctl(file, request, argument));

    public static LiveUpdateError LimitDescriptors(ulong soft, ulong hard) => Answer(setrlimit(RLIMIT_NOFILE, [soft, hard]));

    public static SafeFileHandle OpenLog(string path) =>
        Open(open(path, O_NONBLOCK, 0), out SafeFileHandle? file) == LiveUpdateError.None ? file! : throw new IOException($"{path} cannot be opened.");

    public static void SeekToEnd(SafeFileHandle file) => lseek(file, 0, SEEK_END);

    public static LiveUpdateError ReadRecord(SafeFileHandle file, byte[] buffer, out int count)
    {
        nint answer = read(file, buffer, (nuint)buffer.Length);
        count = (int)Math.Max(0, answer);
        return answer == 0 ? LiveUpdateError.NoData : Answer(answer);
    }

    public static long Position(SafeFileHandle file) => lseek(file, 0, SEEK_CUR);

    public static int Seals(SafeFileHandle file) => fcntl(file, F_GET_SEALS, 0);

    public static int CloseOnExec(SafeFileHandle file) => fcntl(file, F_GETFD, 0) & FD_CLOEXEC;

    /// <summary>Whether two descriptors are of one file: /proc shows memfds of one name alike, but their inodes differ.</summary>
    public static bool IsSame(SafeFileHandle left, SafeFileHandle right) => Inode(left) == Inode(right);

    private static (ulong Device, ulong Inode) Inode(SafeFileHandle file)
    {
        ulong[] status = new ulong[32];
        return statx(file, "", 0x1000, 0x7ff, status) == 0 ? (status[17], status[4]) : throw new IOException("statx failed.");
    }

    private static LiveUpdateError Open(int answer, out SafeFileHandle? file)
    {
        file = answer >= 0 ? new SafeFileHandle(answer, ownsHandle: true) : null;
        return Answer(answer);
    }

    private static LiveUpdateError Answer(nint answer) =>
        answer >= 0 ? LiveUpdateError.None : (LiveUpdateError)Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe([Out] int[] descriptors);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, [Out] int[] descriptors);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeHandle file, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeHandle file, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeHandle file, int mode, nint offset, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lseek(SafeHandle file, nint offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(SafeHandle file, byte[] bytes, nuint count, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(SafeHandle file, [Out] byte[] bytes, nuint count, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeHandle file, [Out] byte[] bytes, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle file, nuint request, [In, Out] byte[] argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, ulong[] limits);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeHandle file, string path, int flags, uint mask, [Out] ulong[] status);
}
