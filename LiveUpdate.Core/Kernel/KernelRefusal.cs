using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>What the kernel's errno means in each operation (reference 3.4), in words, and what to do about it.</summary>
internal static class KernelRefusal
{
    public const string Create = "create session";
    public const string Retrieve = "retrieve session";
    public const string Preserve = "preserve";
    public const string RetrieveFile = "retrieve";
    public const string Finish = "finish";
    public const string GetName = "get name";

    /// <summary>Throws unless the kernel agreed.</summary>
    /// <param name="error">What it answered.</param>
    /// <param name="operation">One of the operations above.</param>
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
        Refusal.Create(error, operation, Explain(error, operation), session.ToString(), token?.Value, inner: inner);

    [DoesNotReturn]
    private static void Throw(LiveUpdateError error, string operation, SessionName session, Token? token) =>
        throw For(error, operation, session, token);

    private static string Explain(LiveUpdateError error, string operation) => (operation, error) switch
    {
        (_, LiveUpdateError.TooManyFiles) =>
            "The kernel has no descriptor left for this process; raise RLIMIT_NOFILE (a session and every retrieved file cost one).",
        (_, LiveUpdateError.TooManyFilesInSystem) => "The system's table of open files is full; raise fs.file-max.",
        (_, LiveUpdateError.OutOfMemory) => "The kernel has no memory for it.",
        (_, LiveUpdateError.NotATypewriter) => "The descriptor is not the live update's.",
        (_, LiveUpdateError.BadDescriptor) when operation != Preserve => "The session's descriptor is not open: it was closed behind the library's back.",
        (Create, LiveUpdateError.InvalidArgument) => "The kernel does not take this name.",
        (Create, LiveUpdateError.Exists) => "An outgoing session has this name, in this process or in another.",
        (Create, LiveUpdateError.NoSpace) => "The kernel's limit of outgoing sessions is reached.",
        (Retrieve, LiveUpdateError.NotFound) =>
            "No such session came from the previous kernel, or it has been finished and closed (also by the end of a process that held it).",
        (Retrieve, LiveUpdateError.InvalidArgument) => "The session has been retrieved, and its descriptor is open in this process or in another.",
        (Preserve, LiveUpdateError.InvalidArgument) => "An incoming session takes no such request (reference U-04), or the kernel does not take the file.",
        (Preserve, LiveUpdateError.Exists) => "The token is in use in this session.",
        (Preserve, LiveUpdateError.BadDescriptor) => "The handle is not an open descriptor of a file.",
        (Preserve, LiveUpdateError.NotFound) => "The kernel carries memfds only, and none with huge pages: no handler takes this object.",
        (Preserve, LiveUpdateError.Busy) => "The file is preserved already, in this session or another, or was retrieved in a session that is not finished.",
        (Preserve, LiveUpdateError.NoSpace) => "The kernel's limit of files in a session is reached.",
        (Preserve, LiveUpdateError.FileTooLarge) => "The memfd is larger than the kernel carries.",
        (Preserve, LiveUpdateError.NotSupported) => "The memfd has seals that the kernel does not carry.",
        (RetrieveFile, LiveUpdateError.NotFound) => "The session has no file under this token, or has been finished.",
        (RetrieveFile, LiveUpdateError.InvalidArgument) =>
            "An outgoing session takes no such request (reference U-04), or the one attempt to rebuild the file failed with this.",
        (RetrieveFile, _) => "The kernel's one attempt to rebuild the file failed; it stays failed (reference R-04).",
        (Finish, LiveUpdateError.InvalidArgument) => "An outgoing session takes no such request (reference U-04).",
        (Finish, LiveUpdateError.Busy) => "The kernel refuses to finish a file of the session; nothing changed, and it can be tried again.",
        _ => "The kernel refused.",
    };
}
