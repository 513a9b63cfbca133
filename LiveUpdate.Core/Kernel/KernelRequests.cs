using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>The requests of the real device, one method each (reference 3.1): what goes in, what comes out, the errno. No policy.</summary>
/// <remarks>
/// A descriptor that comes out is close-on-exec (U-20). A signal does not interrupt a request: it is repeated. After a successful freeze a
/// request never returns (C-04).
/// </remarks>
[SupportedOSPlatform("linux")]
internal static class KernelRequests
{
    /// <summary>Makes an outgoing session; its last close unpreserves.</summary>
    public static LiveUpdateError CreateSession(SafeHandle device, SessionName name, out SafeFileHandle? session) =>
        OpenSession(device, LiveUpdateIoctl.CreateSession, name, out session);

    /// <summary>Takes over an incoming session; its last close finishes.</summary>
    public static LiveUpdateError RetrieveSession(SafeHandle device, SessionName name, out SafeFileHandle? session) =>
        OpenSession(device, LiveUpdateIoctl.RetrieveSession, name, out session);

    /// <summary>Preserves the file of a descriptor under a token.</summary>
    public static LiveUpdateError Preserve(SafeHandle session, Token token, SafeHandle file)
    {
        if (file.IsInvalid || file.IsClosed)
            return Preserve(session, token, descriptor: -1);
        using var reference = new HandleReference(file);
        return Preserve(session, token, (int)reference.Value);
    }

    /// <summary>The same for a number; -1, which is no descriptor, asks for everything that is checked before it (EBADF: it was all right).</summary>
    public static LiveUpdateError Preserve(SafeHandle session, Token token, int descriptor)
    {
        var args = new PreserveFdArgs { Size = (uint)Unsafe.SizeOf<PreserveFdArgs>(), Fd = descriptor, Token = token.Value };
        return Send(session, LiveUpdateIoctl.PreserveFd, ref args);
    }

    /// <summary>Retrieves the file of a token: each time a new descriptor of the same open file description .</summary>
    public static LiveUpdateError Retrieve(SafeHandle session, Token token, out SafeFileHandle? file)
    {
        // The wrapper is made before the descriptor, so that nothing can come between the two.
        var handle = new SafeFileHandle();
        var args = new RetrieveFdArgs { Size = (uint)Unsafe.SizeOf<RetrieveFdArgs>(), Fd = -1, Token = token.Value };
        LiveUpdateError error = Send(session, LiveUpdateIoctl.RetrieveFd, ref args);
        file = Take(handle, error, args.Fd);
        return error;
    }

    /// <summary>Ends the work of an incoming session.</summary>
    public static LiveUpdateError Finish(SafeHandle session)
    {
        var args = new FinishArgs { Size = (uint)Unsafe.SizeOf<FinishArgs>() };
        return Send(session, LiveUpdateIoctl.Finish, ref args);
    }

    /// <summary>The name of a session of either kind. EINVAL before Linux 7.2: unknown.</summary>
    public static LiveUpdateError GetName(SafeHandle session, out SessionName name)
    {
        var args = new GetNameArgs { Size = (uint)Unsafe.SizeOf<GetNameArgs>() };
        LiveUpdateError error = Send(session, LiveUpdateIoctl.GetName, ref args);
        ReadOnlySpan<byte> field = args.Name;
        int length = field.IndexOf((byte)0);
        name = error == LiveUpdateError.None ? SessionName.FromImage(length < 0 ? field : field[..length]) : default;
        return error;
    }

    /// <summary>Any request.</summary>
    /// <param name="file">The device or a session.</param>
    /// <param name="request">All 32 bits.</param>
    /// <param name="argument">The struct, whose first u32 is its size.</param>
    public static LiveUpdateError Send(SafeHandle file, uint request, Span<byte> argument)
    {
        while (Libc.Ioctl(file, request, argument) < 0)
        {
            var error = (LiveUpdateError)Marshal.GetLastPInvokeError();
            if (error != LiveUpdateError.Interrupted)
                return error;
        }

        return LiveUpdateError.None;
    }

    private static LiveUpdateError Send<T>(SafeHandle file, uint request, ref T args)
        where T : unmanaged => Send(file, request, MemoryMarshal.AsBytes(new Span<T>(ref args)));

    private static LiveUpdateError OpenSession(SafeHandle device, uint request, SessionName name, out SafeFileHandle? session)
    {
        var handle = new SafeFileHandle();
        var args = new SessionNameArgs { Size = (uint)Unsafe.SizeOf<SessionNameArgs>(), Fd = -1 };
        name.Utf8.CopyTo(args.Name);
        LiveUpdateError error = Send(device, request, ref args);
        session = Take(handle, error, args.Fd);
        return error;
    }

    private static SafeFileHandle? Take(SafeFileHandle handle, LiveUpdateError error, int descriptor)
    {
        if (error == LiveUpdateError.None)
        {
            Marshal.InitHandle(handle, descriptor);
            return handle;
        }

        handle.Dispose();
        return null;
    }
}
