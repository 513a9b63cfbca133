using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LiveUpdate.Interop;

/// <summary>What a memfd handler wants to know of a file: two system calls.</summary>
/// <param name="Size">The size in bytes.</param>
/// <param name="Seals">The F_SEAL bits.</param>
/// <param name="Device">The device.</param>
/// <param name="Inode">The inode.</param>
[SupportedOSPlatform("linux")]
internal readonly record struct MemfdStatus(ulong Size, uint Seals, ulong Device, ulong Inode)
{
    /// <summary>
    /// Whether a descriptor is of the shared-memory file system, or of that for huge pages, and its file has no name (reference M-02).
    /// </summary>
    public static bool IsMemfd(SafeHandle file, out bool hugePages)
    {
        hugePages = false;
        if (!DescriptorInfo.IsOpen(file) || Libc.Fstatfs(file, out Libc.StatfsBuffer system) != 0)
            return false;
        hugePages = system.Type == Libc.HUGETLBFS_MAGIC;
        if (!hugePages && system.Type != Libc.TMPFS_MAGIC)
            return false;
        Libc.StatxBuffer status = DescriptorInfo.Status(file);
        return status is { LinkCount: 0, IsRegularFile: true };
    }

    /// <summary>Asks the kernel.</summary>
    /// <exception cref="LiveUpdateException">EINVAL: a file that cannot have seals; EBADF: not open.</exception>
    public static MemfdStatus Of(SafeHandle file)
    {
        Libc.StatxBuffer status = DescriptorInfo.Status(file);
        int seals = Libc.Fcntl(file, Libc.F_GET_SEALS, 0);
        if (seals < 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Reading the seals of what should be a memfd");
        return new MemfdStatus(status.Size, (uint)seals, DescriptorInfo.DeviceOf(status), status.Inode);
    }
}
