using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Interop;

/// <summary>Opens descriptors of many kinds; an invalid handle means that the system does not let this process.</summary>
[SupportedOSPlatform("linux")]
internal static partial class Descriptors
{
    private const int KVM_CREATE_VM = 0xAE01;
    private const int KVM_CREATE_VCPU = 0xAE41;
    private const int O_CLOEXEC = 0x80000;
    private const int O_RDWR = 2;

    /// <summary>Kinds that are of no use in another process, by link text.</summary>
    public static IEnumerable<TestCaseData> Bound()
    {
        yield return Case("kvm-vm", KvmVm);
        yield return Case("kvm-vcpu:0", KvmVcpu);
        yield return Case("[userfaultfd]", () => Owned(Syscall(IsX64 ? 323 : 282, O_CLOEXEC | 1, 0)));
        yield return Case("[io_uring]", IoUring);
        yield return Case("[eventpoll]", () => Owned(EpollCreate1(O_CLOEXEC)));
        yield return Case("[signalfd]", SignalFd);
    }

    public static SafeFileHandle EventFd(uint count) => Owned(eventfd(count, O_CLOEXEC));

    public static SafeFileHandle KvmDevice() => Owned(Open("/dev/kvm", O_RDWR | O_CLOEXEC));

    public static SafeFileHandle KvmVm()
    {
        using SafeFileHandle device = KvmDevice();
        return device.IsInvalid ? Owned(-1) : Owned(Ioctl(device, KVM_CREATE_VM, 0));
    }

    public static SafeFileHandle Owned(long descriptor) => new((nint)descriptor, ownsHandle: true);

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;

    private static TestCaseData Case(string link, Func<SafeFileHandle> open) => new TestCaseData(link, open).SetArgDisplayNames(link);

    private static SafeFileHandle KvmVcpu()
    {
        using SafeFileHandle vm = KvmVm();
        return vm.IsInvalid ? Owned(-1) : Owned(Ioctl(vm, KVM_CREATE_VCPU, 0));
    }

    private static unsafe SafeFileHandle IoUring()
    {
        // io_uring_setup writes its parameters, 120 bytes, here.
        byte* parameters = stackalloc byte[120];
        new Span<byte>(parameters, 120).Clear();
        return Owned(Syscall(425, 8, (nint)parameters));
    }

    private static unsafe SafeFileHandle SignalFd()
    {
        // An empty signal set, 8 bytes for the kernel.
        ulong set = 0;
        return Owned(Syscall4(IsX64 ? 289 : 74, -1, (nint)(&set), sizeof(ulong), O_CLOEXEC));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint count, int flags);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate1(int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint first, nint second);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall4(long number, nint first, nint second, nint third, nint fourth);
}
