using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>What the kernel says about an open descriptor, and duplicates of it.</summary>
[SupportedOSPlatform("linux")]
internal static class DescriptorInfo
{
    /// <summary>Whether a handle is an open descriptor of a file, and not one of a path only (reference F-03).</summary>
    /// <remarks>A handle that is a pointer, as of a memory mapping, is none.</remarks>
    public static bool IsOpen(SafeHandle handle)
    {
        if (handle.IsInvalid || handle.IsClosed)
            return false;
        using var reference = new HandleReference(handle);
        return reference.Value is >= 0 and <= int.MaxValue &&
            Libc.Fcntl(handle, Libc.F_GETFL, 0) is var flags and >= 0 && (flags & Libc.O_PATH) == 0;
    }

    /// <summary>Throws unless the handle is an open descriptor of a file.</summary>
    /// <exception cref="LiveUpdateException">EBADF (reference F-03).</exception>
    public static void ThrowIfNotOpen(SafeHandle handle)
    {
        if (!IsOpen(handle))
            throw new LiveUpdateException(LiveUpdateError.BadDescriptor, "The handle is not an open descriptor of a file.");
    }

    /// <summary>The device and the inode behind a descriptor; not enough to tell two eventfds apart.</summary>
    /// <exception cref="LiveUpdateException">EBADF: the handle is not an open descriptor of a file.</exception>
    public static (ulong Device, ulong Inode) Identify(SafeHandle handle)
    {
        ThrowIfNotOpen(handle);
        Libc.StatxBuffer status = Status(handle);
        return (DeviceOf(status), status.Inode);
    }

    /// <summary>Size, mode, link count, device and inode.</summary>
    /// <exception cref="LiveUpdateException">The call failed.</exception>
    public static Libc.StatxBuffer Status(SafeHandle handle)
    {
        if (Libc.Statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out Libc.StatxBuffer status) != 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Reading the status of a descriptor");
        return status;
    }

    /// <summary>The device of a status as one number.</summary>
    public static ulong DeviceOf(in Libc.StatxBuffer status) => ((ulong)status.DeviceMajor << 32) | status.DeviceMinor;

    /// <summary>The magic number of the file system that the descriptor's file is of.</summary>
    /// <exception cref="LiveUpdateException">The call failed.</exception>
    public static long FileSystemType(SafeHandle handle)
    {
        if (Libc.Fstatfs(handle, out Libc.StatfsBuffer buffer) != 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Reading the file system of a descriptor");
        return buffer.Type;
    }

    /// <summary>
    /// What the kernel calls the file: its path or, say, <c>anon_inode:[eventfd]</c>; null where <c>/proc</c> is not mounted.
    /// </summary>
    public static string? LinkText(SafeHandle handle)
    {
        using var reference = new HandleReference(handle);
        return new FileInfo($"/proc/self/fd/{reference.Value}").LinkTarget;
    }

    /// <summary>The offset of the open file description in bytes; 0 if it has none.</summary>
    public static long Position(SafeHandle handle) => Math.Max(0, Libc.Lseek(handle, 0, Libc.SEEK_CUR));

    /// <summary>A new descriptor of the same open file description, close-on-exec (reference U-20).</summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free; EBADF: this one is not open.</exception>
    public static SafeFileHandle Duplicate(SafeHandle handle)
    {
        // The wrapper is made before the descriptor, so that nothing can come between the two.
        var duplicate = new SafeFileHandle();
        Marshal.InitHandle(duplicate, DuplicateDescriptor(handle));
        return duplicate;
    }

    /// <summary>A new descriptor of the same socket, close-on-exec.</summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free; EBADF: this one is not open.</exception>
    public static SafeSocketHandle DuplicateSocket(SafeHandle handle)
    {
        var duplicate = new SafeSocketHandle();
        Marshal.InitHandle(duplicate, DuplicateDescriptor(handle));
        return duplicate;
    }

    private static int DuplicateDescriptor(SafeHandle handle)
    {
        int descriptor = Libc.Fcntl(handle, Libc.F_DUPFD_CLOEXEC, 0);
        return descriptor >= 0 ? descriptor : throw Errno.Failed(Marshal.GetLastPInvokeError(), "Duplicating a descriptor");
    }
}
