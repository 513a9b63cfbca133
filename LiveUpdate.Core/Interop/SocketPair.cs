using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>Two connected Unix sockets, close-on-exec.</summary>
[SupportedOSPlatform("linux")]
internal static class SocketPair
{
    /// <summary>Makes a pair of stream sockets; the caller owns both.</summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    public static (SafeFileHandle Ours, SafeFileHandle Theirs) Create() => Create(Libc.SOCK_STREAM);

    /// <summary>Makes a pair of sockets that keep the bounds of messages; the caller owns both.</summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    public static (SafeFileHandle Ours, SafeFileHandle Theirs) CreateSequenced() => Create(Libc.SOCK_SEQPACKET);

    private static (SafeFileHandle Ours, SafeFileHandle Theirs) Create(int type)
    {
        var ours = new SafeFileHandle();
        var theirs = new SafeFileHandle();
        Span<int> pair = [-1, -1];
        if (Libc.Socketpair(Libc.AF_UNIX, type | Libc.SOCK_CLOEXEC, 0, pair) != 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Creating a pair of sockets");
        Marshal.InitHandle(ours, pair[0]);
        Marshal.InitHandle(theirs, pair[1]);
        return (ours, theirs);
    }
}
