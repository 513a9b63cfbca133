using System.Net.Sockets;
using System.Runtime.InteropServices;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>What counts as a descriptor among the objects that a user preserves, and how a retrieved one is given to its caller.</summary>
internal static class PreservedObject
{
    /// <summary>The handle behind an object that is a descriptor; null for any other object.</summary>
    /// <remarks>A stream is flushed, and its position written to the descriptor, by asking for its handle.</remarks>
    public static SafeHandle? DescriptorOf(object file) => file switch
    {
        SafeHandle handle => handle,
        Socket socket => socket.SafeHandle,
        FileStream stream => Flush(stream),
        _ => null,
    };

    /// <summary>
    /// Whether a duplicate of the handle must be held instead: the runtime's <see cref="Socket.Dispose()"/> waits, and shuts the
    /// connection down, for
    /// as long as anybody else holds the socket's own handle.
    /// </summary>
    public static bool NeedsDuplicate(object file) => (file is Socket or SafeSocketHandle) && OperatingSystem.IsLinux();

    /// <summary>The identity of an object whose handler names none (reference H-02).</summary>
    /// <exception cref="LiveUpdateException">EBADF: the descriptor is not open.</exception>
    public static FileId DefaultId(object file, SafeHandle? descriptor)
    {
        if (descriptor is null || !OperatingSystem.IsLinux())
            return new FileId(descriptor ?? file);
        (ulong device, ulong inode) = DescriptorInfo.Identify(descriptor);
        return FileId.OfDescription(descriptor, device, inode);
    }

    /// <summary>Whether a retrieved object can be given to a caller that asks for <paramref name="type"/>.</summary>
    public static bool CanBe(object file, Type type)
    {
        if (file is not SafeHandle handle || !OperatingSystem.IsLinux())
            return type.IsInstanceOfType(file);
        if (type == typeof(SafeSocketHandle) || type == typeof(Socket))
            return DescriptorInfo.Status(handle).IsSocket;
        return type.IsAssignableFrom(typeof(SafeFileHandle));
    }

    /// <summary>
    /// What the caller of a retrieve gets: of a descriptor a new one for the same open file description, of an object that object.
    /// </summary>
    /// <exception cref="LiveUpdateException">EMFILE and others: the descriptor cannot be duplicated.</exception>
    public static object GiveOut(object file, Type type)
    {
        if (file is not SafeHandle handle || !OperatingSystem.IsLinux())
            return file;
        if (type == typeof(SafeSocketHandle))
            return DescriptorInfo.DuplicateSocket(handle);
        if (type == typeof(Socket))
            return new Socket(DescriptorInfo.DuplicateSocket(handle));
        return DescriptorInfo.Duplicate(handle);
    }

    private static SafeFileHandle Flush(FileStream stream)
    {
        stream.Flush();
        return stream.SafeFileHandle;
    }
}
