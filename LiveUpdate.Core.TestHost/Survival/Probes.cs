using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Survival;

/// <summary>Every kind of descriptor that can be opened here.</summary>
internal static class Probes
{
    private const nuint KVM_GET_API_VERSION = 0xAE00;
    private const nuint KVM_CREATE_VM = 0xAE01;
    private const nuint KVM_CREATE_VCPU = 0xAE41;
    private const uint IN_CREATE = 0x100;

    public static Probe[] All { get; } =
    [
        new("regular file", OpenFile, static files => RandomAccess.GetLength(files[0]) == 5 && SurvivalLibc.Read(files[0]) is [(byte)'e']),
        new("directory", OpenDirectory, static files => CanBeListed(files[0])),
        new("device", OpenNullDevice, static files => SurvivalLibc.Read(files[0]) is []),
        new("pseudoterminal", OpenTerminal, static files => Passes(files[1], files[0])),
        new("pipe", OpenPipe, static files => SurvivalLibc.Read(files[0]) is [1, 2] && Passes(files[1], files[0])),
        new("Unix socket pair", OpenSocketPair, static files => Passes(files[0], files[1]) && Passes(files[1], files[0])),
        new("TCP listener", static () => [Listen().SafeHandle], static files => Accepts(files[0])),
        new("TCP connection", OpenConnection, static files => Passes(files[0], files[1]) && Passes(files[1], files[0])),
        new("UDP socket", OpenUdp, static files => Echoes(files[0])),
        new("eventfd", static () => [SurvivalLibc.EventFd(5, 0)], static files => SurvivalLibc.Read(files[0]) is [5, 0, 0, 0, 0, 0, 0, 0]),
        new("timerfd", OpenTimer, static files => SurvivalLibc.Read(files[0]) is [1, ..]),
        new("inotify", OpenInotify, static files => Notifies(files[0], files[1])),
        new("pidfd", static () => [SurvivalLibc.PidFd(SurvivalLibc.ParentProcess())], static files => SurvivalLibc.CanSignal(files[0])),
        new("POSIX message queue", OpenQueue, static files => SurvivalLibc.ReceiveMessage(files[0]) is [7, 8]),
        new("memfd", OpenMemfd, static files => SurvivalLibc.Read(files[0]) is [(byte)'d'] && StartsWith(files[0], (byte)'m')),
        new("memfd_secret", OpenSecret, static files => StartsWith(files[0], 77)),
        new("KVM device", static () => [Kvm()], static files => SurvivalLibc.Ioctl(files[0], KVM_GET_API_VERSION, 0) == 12),
        new("KVM virtual machine", static () => [KvmVm()], static _ => false),
        new("KVM vCPU", static () => [KvmVcpu()], static _ => false),
        new("userfaultfd", static () => [SurvivalLibc.UserFault()], static _ => false),
        new("io_uring", static () => [SurvivalLibc.IoUring()], static _ => false),
        new("epoll", static () => [SurvivalLibc.Epoll(0)], static _ => false),
        new("signalfd", static () => [SurvivalLibc.SignalFd()], static _ => false),
        new("lock: flock", OpenFLock, static files => HoldsFLock(files[0])),
        new("lock: open file description", OpenDescriptionLock, static files => HoldsRecordLock(files[0])),
        new("lock: process (fcntl)", OpenProcessLock, static files => HoldsRecordLock(files[0])),
    ];

    private static SafeHandle[] OpenFile()
    {
        SafeFileHandle file = TemporaryFile();
        SurvivalLibc.Write(file, "abcd"u8);
        RandomAccess.Write(file, "e"u8, 4);
        return [file];
    }

    private static SafeHandle[] OpenDirectory()
    {
        string path = Directory.CreateTempSubdirectory("survival").FullName;
        return [SurvivalLibc.Open(path, SurvivalLibc.O_CLOEXEC)];
    }

    private static SafeHandle[] OpenNullDevice() => [SurvivalLibc.Open("/dev/null", SurvivalLibc.O_RDWR | SurvivalLibc.O_CLOEXEC)];

    private static SafeHandle[] OpenTerminal()
    {
        SafeFileHandle master = SurvivalLibc.OpenTerminal(out SafeFileHandle slave);
        return [master, slave];
    }

    private static SafeHandle[] OpenPipe()
    {
        var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        pipe.Write([1, 2]);
        return [pipe.ClientSafePipeHandle, pipe.SafePipeHandle];
    }

    private static SafeHandle[] OpenSocketPair()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(listener.LocalEndPoint!);
        SafeHandle[] pair = [client.SafeHandle, listener.Accept().SafeHandle];
        File.Delete(path);
        return pair;
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static SafeHandle[] OpenConnection()
    {
        using Socket listener = Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        return [client.SafeHandle, listener.Accept().SafeHandle];
    }

    private static SafeHandle[] OpenUdp()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return [socket.SafeHandle];
    }

    private static SafeHandle[] OpenTimer()
    {
        const int MonotonicClock = 1;
        SafeFileHandle timer = SurvivalLibc.TimerFd(MonotonicClock, 0);
        if (!timer.IsInvalid)
            SurvivalLibc.StartTimer(timer);
        return [timer];
    }

    private static SafeHandle[] OpenInotify()
    {
        SafeHandle directory = OpenDirectory()[0];
        SafeFileHandle inotify = SurvivalLibc.Inotify(SurvivalLibc.O_NONBLOCK);
        if (!inotify.IsInvalid)
            _ = SurvivalLibc.InotifyAddWatch(inotify, PathOf(directory), IN_CREATE);
        return [inotify, directory];
    }

    private static SafeHandle[] OpenQueue()
    {
        string name = "/" + Path.GetRandomFileName();
        SafeFileHandle queue = SurvivalLibc.MqOpen(name, SurvivalLibc.O_CREAT | SurvivalLibc.O_RDWR, 0x180, 0);
        if (queue.IsInvalid)
            return [queue];
        _ = SurvivalLibc.MqUnlink(name);
        SurvivalLibc.SendMessage(queue, [7, 8]);
        return [queue];
    }

    private static SafeHandle[] OpenMemfd()
    {
        SafeFileHandle file = SurvivalLibc.Memfd("survival", 0);
        SurvivalLibc.Write(file, "mem"u8);
        RandomAccess.Write(file, "d"u8, 3);
        return [file];
    }

    private static SafeHandle[] OpenSecret()
    {
        SafeFileHandle file = SurvivalLibc.SecretMemory();
        if (!file.IsInvalid && SurvivalLibc.Truncate(file, 4096) == 0)
            SurvivalLibc.MapFirstByte(file, 77);
        return [file];
    }

    private static SafeHandle[] OpenFLock() => [Locked(static file => SurvivalLibc.FLock(file, SurvivalLibc.LOCK_EX))];

    private static SafeHandle[] OpenDescriptionLock() =>
        [Locked(static file => SurvivalLibc.LockFirstByte(file, SurvivalLibc.F_OFD_SETLK))];

    private static SafeHandle[] OpenProcessLock() => [Locked(static file => SurvivalLibc.LockFirstByte(file, SurvivalLibc.F_SETLK))];

    private static SafeFileHandle Kvm() => SurvivalLibc.Open("/dev/kvm", SurvivalLibc.O_RDWR | SurvivalLibc.O_CLOEXEC);

    private static SafeFileHandle KvmVm()
    {
        using SafeFileHandle device = Kvm();
        return device.IsInvalid ? SurvivalLibc.Owned(-1) : SurvivalLibc.IoctlOpen(device, KVM_CREATE_VM, 0);
    }

    private static SafeFileHandle KvmVcpu()
    {
        using SafeFileHandle machine = KvmVm();
        return machine.IsInvalid ? SurvivalLibc.Owned(-1) : SurvivalLibc.IoctlOpen(machine, KVM_CREATE_VCPU, 0);
    }

    // Opened by hand: the base library takes a lock of its own on what it opens.
    private static SafeFileHandle TemporaryFile()
    {
        string path = Path.GetTempFileName();
        SafeFileHandle file = SurvivalLibc.Open(path, SurvivalLibc.O_RDWR | SurvivalLibc.O_CLOEXEC);
        File.Delete(path);
        return file;
    }

    private static SafeFileHandle Locked(Action<SafeFileHandle> takeLock)
    {
        SafeFileHandle file = TemporaryFile();
        takeLock(file);
        return file;
    }

    private static string PathOf(SafeHandle file)
    {
        using var held = new HeldHandle(file);
        return new FileInfo($"/proc/self/fd/{held.Number}").LinkTarget!;
    }

    private static bool StartsWith(SafeHandle file, byte first) => SurvivalLibc.MapFirstByte(file, write: null) == first;

    private static bool Passes(SafeHandle from, SafeHandle to)
    {
        SurvivalLibc.Write(from, "ping\n"u8);
        return SurvivalLibc.Read(to).AsSpan().StartsWith("ping"u8);
    }

    private static Socket SocketOf(SafeFileHandle file)
    {
        bool held = false;
        file.DangerousAddRef(ref held);
        return new Socket(new SafeSocketHandle(file.DangerousGetHandle(), ownsHandle: false));
    }

    private static bool Accepts(SafeFileHandle file)
    {
        Socket listener = SocketOf(file);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        using Socket accepted = listener.Accept();
        return accepted.RemoteEndPoint!.Equals(client.LocalEndPoint);
    }

    private static bool Echoes(SafeFileHandle file)
    {
        Socket socket = SocketOf(file);
        socket.SendTo("ping"u8, socket.LocalEndPoint!);
        return SurvivalLibc.Read(file).AsSpan().SequenceEqual("ping"u8);
    }

    private static bool CanBeListed(SafeFileHandle directory)
    {
        using var held = new HeldHandle(directory);
        bool isEmpty = Directory.GetFiles($"/proc/self/fd/{held.Number}").Length == 0;
        Directory.Delete(PathOf(directory));
        return isEmpty;
    }

    private static bool Notifies(SafeFileHandle inotify, SafeFileHandle directory)
    {
        File.WriteAllText(Path.Combine(PathOf(directory), "new"), "");
        bool told = SurvivalLibc.Read(inotify).Length > 0;
        Directory.Delete(PathOf(directory), recursive: true);
        return told;
    }

    private static bool HoldsFLock(SafeFileHandle file)
    {
        using SafeFileHandle again = SurvivalLibc.OpenAgain(file);
        return SurvivalLibc.FLock(again, SurvivalLibc.LOCK_EX | SurvivalLibc.LOCK_NB) != 0 &&
            SurvivalLibc.FLock(file, SurvivalLibc.LOCK_EX | SurvivalLibc.LOCK_NB) == 0;
    }

    private static bool HoldsRecordLock(SafeFileHandle file)
    {
        using SafeFileHandle again = SurvivalLibc.OpenAgain(file);
        return SurvivalLibc.IsFirstByteLocked(again);
    }
}
