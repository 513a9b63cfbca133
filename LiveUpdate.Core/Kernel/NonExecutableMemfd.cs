using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>The memfd that the kernel would give back changed (reference M-24), and a copy that it does not change.</summary>
[SupportedOSPlatform("linux")]
internal static class NonExecutableMemfd
{
    private const int ChunkSize = 1 << 20;
    private const int SeekSet = 0;
    private const int AnyExecute = 0b001_001_001;
    private const int AddedByTheKernel = Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_WRITE | Libc.F_SEAL_FUTURE_WRITE;

    /// <summary>Whether a file has the seal against execution, and is not already what the kernel would make of it.</summary>
    /// <remarks>One system call for everything else, which has no such seal or none at all.</remarks>
    public static bool Is(SafeHandle file)
    {
        if (file.IsInvalid || file.IsClosed)
            return false;
        int seals = Libc.Fcntl(file, Libc.F_GET_SEALS, 0);
        if (seals < 0 || (seals & Libc.F_SEAL_EXEC) == 0)
            return false;
        return (seals & AddedByTheKernel) != AddedByTheKernel || (DescriptorInfo.Status(file).Mode & AnyExecute) == 0;
    }

    /// <summary>A memfd with the same content, size, position and seals, but that against execution.</summary>
    /// <exception cref="LiveUpdateException">EACCES: <c>vm.memfd_noexec</c> is 2; and what memory and descriptors can refuse.</exception>
    public static SafeFileHandle Copy(SafeHandle file)
    {
        SafeFileHandle copy = Libc.MemfdCreate("liveupdate-copy", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING | Libc.MFD_EXEC);
        if (copy.IsInvalid)
        {
            int errno = Marshal.GetLastPInvokeError();
            copy.Dispose();
            throw Errno.Failed(errno, "Creating an executable memfd for the copy (refused with EACCES where vm.memfd_noexec is 2)");
        }

        try
        {
            using (SafeFileHandle source = DescriptorInfo.Duplicate(file))
                CopyContent(source, copy);
            Require(Libc.Lseek(copy, DescriptorInfo.Position(file), SeekSet) >= 0, "Moving the position of the copy");
            int seals = Libc.Fcntl(file, Libc.F_GET_SEALS, 0) & ~Libc.F_SEAL_EXEC;
            Require(Libc.Fcntl(copy, Libc.F_ADD_SEALS, seals) >= 0, "Sealing the copy");
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private static void CopyContent(SafeFileHandle source, SafeFileHandle copy)
    {
        long length = RandomAccess.GetLength(source);
        Require(Libc.Ftruncate(copy, (nint)length) == 0, "Setting the length of the copy");
        byte[] chunk = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkSize, Math.Max(1, length)));
        try
        {
            for (long offset = 0; offset < length;)
            {
                int count = RandomAccess.Read(source, chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - offset)), offset);
                if (count == 0)
                    break;
                RandomAccess.Write(copy, chunk.AsSpan(0, count), offset);
                offset += count;
            }
        }
        catch (IOException exception)
        {
            throw new LiveUpdateException(Errno.FromInputOutput(exception), $"Copying a memfd failed: {exception.Message}", exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static void Require(bool done, string call)
    {
        if (!done)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), call);
    }
}
