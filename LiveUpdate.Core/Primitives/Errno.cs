using System.Collections.Frozen;
using System.Globalization;
using System.Net.Sockets;

namespace LiveUpdate;

/// <summary>The one place that translates between errno, <see cref="LiveUpdateError"/> and exceptions.</summary>
internal static class Errno
{
    // The kernel's own bound.
    private const int MaxErrno = 4095;

    private static readonly FrozenDictionary<int, string> s_names = new Dictionary<int, string>
    {
        [0] = "OK",
        [1] = "EPERM",
        [2] = "ENOENT",
        [3] = "ESRCH",
        [4] = "EINTR",
        [5] = "EIO",
        [7] = "E2BIG",
        [8] = "ENOEXEC",
        [9] = "EBADF",
        [10] = "ECHILD",
        [11] = "EAGAIN",
        [12] = "ENOMEM",
        [13] = "EACCES",
        [14] = "EFAULT",
        [16] = "EBUSY",
        [17] = "EEXIST",
        [19] = "ENODEV",
        [20] = "ENOTDIR",
        [22] = "EINVAL",
        [23] = "ENFILE",
        [24] = "EMFILE",
        [25] = "ENOTTY",
        [26] = "ETXTBSY",
        [27] = "EFBIG",
        [28] = "ENOSPC",
        [29] = "ESPIPE",
        [32] = "EPIPE",
        [34] = "ERANGE",
        [36] = "ENAMETOOLONG",
        [38] = "ENOSYS",
        [40] = "ELOOP",
        [61] = "ENODATA",
        [62] = "ETIME",
        [71] = "EPROTO",
        [75] = "EOVERFLOW",
        [91] = "EPROTOTYPE",
        [95] = "EOPNOTSUPP",
        [98] = "EADDRINUSE",
        [104] = "ECONNRESET",
        [107] = "ENOTCONN",
        [108] = "ESHUTDOWN",
        [109] = "ETOOMANYREFS",
        [110] = "ETIMEDOUT",
        [111] = "ECONNREFUSED",
        [122] = "EDQUOT",
        [125] = "ECANCELED",
    }.ToFrozenDictionary();

    /// <summary>The name of an errno as the C library spells it, e.g. <c>EBUSY</c>; the number where it has none here.</summary>
    public static string Name(LiveUpdateError error) =>
        s_names.TryGetValue((int)error, out string? name) ? name : "errno " + ((int)error).ToString(CultureInfo.InvariantCulture);

    /// <summary>A sentence for an error that came without one.</summary>
    public static string Describe(LiveUpdateError error) => $"The operation was refused with {Name(error)}.";

    /// <summary>The error that a callback's exception stands for (design: callbacks that throw).</summary>
    public static LiveUpdateError FromCallback(Exception exception) => exception switch
    {
        LiveUpdateException refusal => refusal.Error,
        OutOfMemoryException => LiveUpdateError.OutOfMemory,
        UnauthorizedAccessException => LiveUpdateError.NotPermitted,
        _ => LiveUpdateError.InputOutput,
    };

    /// <summary>The errno of an exception of the base library's, which has it as its HResult on Unix; none if it has none.</summary>
    public static LiveUpdateError FromInputOutput(IOException exception) =>
        exception.HResult is > 0 and <= MaxErrno ? (LiveUpdateError)exception.HResult : LiveUpdateError.None;

    /// <summary>The errno of a socket's exception. The base library does not tell EMFILE from ENFILE.</summary>
    public static LiveUpdateError FromSocket(SocketException exception) => exception.SocketErrorCode switch
    {
        SocketError.TooManyOpenSockets => LiveUpdateError.TooManyFiles,

        // What the base library makes of ENOENT, that a Unix socket's file is not there.
        SocketError.AddressNotAvailable => LiveUpdateError.NotFound,
        _ => (LiveUpdateError)exception.NativeErrorCode,
    };

    /// <summary>The errno that another process wrote, untrusted: EPROTO for what is none.</summary>
    public static LiveUpdateError FromPeer(int errno) => errno is > 0 and <= MaxErrno ? (LiveUpdateError)errno : LiveUpdateError.Protocol;

    /// <summary>The refusal for a system call that failed.</summary>
    /// <param name="errno">The errno that the call left.</param>
    /// <param name="call">The call and what it was about, for the message.</param>
    public static LiveUpdateException Failed(int errno, string call) =>
        new((LiveUpdateError)errno, $"{call} failed.");
}
