using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>What the kernel's errno means in each operation (reference 3.4), in words, and what to do about it.</summary>
internal static class KernelRefusal
{
    /// <summary>Throws unless the kernel agreed.</summary>
    /// <param name="error">What it answered.</param>
    /// <param name="operation">One of <see cref="SessionRequest"/>'s, or what it belongs to.</param>
    /// <param name="session">The session's name.</param>
    /// <param name="token">The file's token, if it was about a file.</param>
    /// <exception cref="LiveUpdateException">It did not.</exception>
    public static void ThrowIfRefused(LiveUpdateError error, string operation, SessionName session, Token? token = null)
    {
        if (error != LiveUpdateError.None)
            Throw(error, operation, session, token);
    }

    /// <summary>The exception for a refusal.</summary>
    public static LiveUpdateException For(
        LiveUpdateError error, string operation, SessionName session, Token? token = null, Exception? inner = null) =>
        SessionRequest.Refused(error, operation, Explain(error, operation), session, token, inner);

    [DoesNotReturn]
    private static void Throw(LiveUpdateError error, string operation, SessionName session, Token? token) =>
        throw For(error, operation, session, token);

    private static string Explain(LiveUpdateError error, string operation) => (operation, error) switch
    {
        (_, LiveUpdateError.TooManyFiles) =>
            "The kernel has no descriptor left for this process; raise RLIMIT_NOFILE (a session and every retrieved file cost one).",
        (_, LiveUpdateError.TooManyFilesInSystem) => "The system's table of open files is full; raise fs.file-max.",
        (_, LiveUpdateError.NotATypewriter) => "The descriptor is not the live update's.",
        (_, LiveUpdateError.BadDescriptor) when operation != SessionRequest.Preserve =>
            "The session's descriptor is not open: it was closed behind the library's back.",
        (SessionRequest.Create, LiveUpdateError.InvalidArgument) => "The kernel does not take this name.",
        (SessionRequest.Retrieve, LiveUpdateError.NotFound) =>
            "No such session came from the previous kernel, or it has been finished and closed (also by the end of a process that held it).",
        (SessionRequest.Preserve, LiveUpdateError.NotFound) =>
            "The kernel carries memfds only, and none with huge pages: no handler takes this object.",
        (SessionRequest.Preserve, LiveUpdateError.NoSpace) => "The kernel's limit of files in a session is reached.",
        (SessionRequest.Preserve, LiveUpdateError.FileTooLarge) => "The memfd is larger than the kernel carries.",
        (SessionRequest.Preserve, LiveUpdateError.NotSupported) => "The memfd has seals that the kernel does not carry.",
        _ => SessionRequest.Explain(error, operation, "kernel"),
    };
}
