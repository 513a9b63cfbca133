using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

/// <summary>Memfds for tests, and what the kernel says about them.</summary>
[SupportedOSPlatform("linux")]
internal static class Memfd
{
    private const uint MFD_HUGETLB = 0x0004;

    public static SafeFileHandle Create(string name = "test", long size = 0, bool sealing = true, bool hugePages = false)
    {
        uint flags = Libc.MFD_CLOEXEC | (sealing ? Libc.MFD_ALLOW_SEALING : 0) | (hugePages ? MFD_HUGETLB : 0);
        SafeFileHandle file = Libc.MemfdCreate(name, flags);
        Assert.That(file.IsInvalid, Is.False, $"memfd_create: errno {Marshal.GetLastPInvokeError()}");
        Resize(file, size);
        return file;
    }

    public static void Resize(SafeFileHandle file, long size) => Assert.That(Libc.Ftruncate(file, (nint)size), Is.Zero);

    public static void Seal(SafeFileHandle file, int seals) => Assert.That(Libc.Fcntl(file, Libc.F_ADD_SEALS, seals), Is.Zero);

    public static bool TrySeal(SafeHandle file, int seals) => Libc.Fcntl(file, Libc.F_ADD_SEALS, seals) == 0;

    public static int Seals(SafeHandle file) => Libc.Fcntl(file, Libc.F_GET_SEALS, 0);

    /// <summary>How many descriptors of this process are of a file whose link text contains a text.</summary>
    public static int OpenDescriptors(string text) => Directory.GetFileSystemEntries("/proc/self/fd")
        .Count(path => new FileInfo(path).LinkTarget?.Contains(text, StringComparison.Ordinal) == true);
}
