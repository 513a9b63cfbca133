using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Kho;

/// <summary>The memfd behind shared memory: how it is made, and what one that comes from elsewhere must be.</summary>
[SupportedOSPlatform("linux")]
internal static class SharedMemoryFile
{
    private const int EACCES = 13;
    private const int EINVAL = 22;

    private const int RequiredSeals = Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW;
    private const int ForbiddenSeals = Libc.F_SEAL_WRITE | Libc.F_SEAL_FUTURE_WRITE;

    /// <summary>Makes a memfd of that length, sealed.</summary>
    public static SafeFileHandle Create(long length, string name) => Create(length, name, mayBeNoExec: true);

    /// <summary>Makes a memfd that a kernel preserves at once and gives back as it was: wholly allocated, and without an exec seal.</summary>
    /// <exception cref="LiveUpdateException">EACCES where <c>vm.memfd_noexec</c> is 2; ENOMEM, ENOSPC: no room.</exception>
    public static SafeFileHandle CreateAllocated(long length, string name)
    {
        SafeFileHandle file = Create(length, name, mayBeNoExec: false);
        if (Libc.Fallocate(file, 0, 0, (nint)length) == 0)
            return file;
        int errno = Marshal.GetLastPInvokeError();
        file.Dispose();
        throw Errno.Failed(errno, $"Allocating {length} bytes of a memfd");
    }

    private static SafeFileHandle Create(long length, string name, bool mayBeNoExec)
    {
        SafeFileHandle file = Create(name, mayBeNoExec);
        try
        {
            if (Libc.Ftruncate(file, (nint)length) != 0)
                throw Errno.Failed(Marshal.GetLastPInvokeError(), $"Setting the length of a memfd to {length} bytes");
            if (Libc.Fcntl(file, Libc.F_ADD_SEALS, RequiredSeals | Libc.F_SEAL_SEAL) != 0)
                throw Errno.Failed(Marshal.GetLastPInvokeError(), "Sealing a memfd");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Checks a memfd that another process made.</summary>
    /// <returns>Its length in bytes.</returns>
    public static long Check(SafeFileHandle file)
    {
        int seals = Libc.Fcntl(file, Libc.F_GET_SEALS, 0);
        if (seals < 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Reading the seals of what should be a memfd");
        if ((seals & RequiredSeals) != RequiredSeals || (seals & ForbiddenSeals) != 0)
        {
            throw new LiveUpdateException(
                LiveUpdateError.InvalidArgument,
                $"Shared memory must be sealed against shrinking and growing and not against writing; its seals are 0x{seals:x}.");
        }
        long length = RandomAccess.GetLength(file);
        if (length <= 0 || length % LuoAbi.PageSize != 0 || length > (long)int.MaxValue << LuoAbi.PageShift)
        {
            throw new LiveUpdateException(
                LiveUpdateError.InvalidArgument,
                $"The length of shared memory must be a positive multiple of {LuoAbi.PageSize}, and is {length}.");
        }
        return length;
    }

    // MFD_EXEC is unknown before Linux 6.3 (EINVAL) and refused where vm.memfd_noexec is 2 (EACCES).
    private static SafeFileHandle Create(string name, bool mayBeNoExec)
    {
        const uint Flags = Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING;
        SafeFileHandle file = Libc.MemfdCreate(name, Flags | Libc.MFD_EXEC);
        int errno = file.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        if (errno == EINVAL || (errno == EACCES && mayBeNoExec))
        {
            file.Dispose();
            file = Libc.MemfdCreate(name, errno == EINVAL ? Flags : Flags | Libc.MFD_NOEXEC_SEAL);
            errno = file.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        }
        if (errno == 0)
            return file;
        file.Dispose();
        throw Errno.Failed(errno, errno == EACCES ? "Creating a memfd with MFD_EXEC, which vm.memfd_noexec = 2 forbids," : "Creating a memfd");
    }
}
