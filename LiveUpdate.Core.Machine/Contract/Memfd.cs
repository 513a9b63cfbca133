using System.Runtime.InteropServices;
using System.Text;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Contract;

/// <summary>Memfds for the steps.</summary>
internal static class Memfd
{
    private const uint Sealable = Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING;

    /// <summary>A memfd with a text in it, which can be sealed.</summary>
    public static SafeFileHandle Create(string text, uint flags = Sealable)
    {
        SafeFileHandle file = Libc.MemfdCreate("contract", flags);
        if (file.IsInvalid)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Creating a memfd");
        RandomAccess.Write(file, Encoding.UTF8.GetBytes(text), 0);
        return file;
    }

    /// <summary>The whole content as text.</summary>
    public static string Read(SafeFileHandle file)
    {
        byte[] content = new byte[RandomAccess.GetLength(file)];
        int count = RandomAccess.Read(file, content, 0);
        return Encoding.UTF8.GetString(content, 0, count);
    }

    /// <summary>The text of a retrieved file, whose handle is closed again.</summary>
    public static string Read(Session session, Token token)
    {
        using var file = session.Retrieve<SafeFileHandle>(token);
        return Read(file);
    }

    public static int Seals(SafeHandle file) => Libc.Fcntl(file, Libc.F_GET_SEALS, 0);

    public static void Seal(SafeHandle file, int seals)
    {
        if (Libc.Fcntl(file, Libc.F_ADD_SEALS, seals) < 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Sealing a memfd");
    }

    public static void Seek(SafeHandle file, long offset)
    {
        if (Libc.Lseek(file, offset, 0) < 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Moving the position of a memfd");
    }

    public static long Position(SafeHandle file) => DescriptorInfo.Position(file);

    public static bool IsCloseOnExec(SafeHandle file) => (Libc.Fcntl(file, Libc.F_GETFD, 0) & Libc.FD_CLOEXEC) != 0;
}
