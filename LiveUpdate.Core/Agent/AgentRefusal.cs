namespace LiveUpdate.Agent;

/// <summary>What the agent's errno means in each operation, in words, and what to do about it.</summary>
internal static class AgentRefusal
{
    public const string Open = "open device";
    public const string Adopt = "use session descriptor";
    public const string Create = "create session";
    public const string Retrieve = "retrieve session";
    public const string Preserve = "preserve";
    public const string RetrieveFile = "retrieve";
    public const string Finish = "finish";
    public const string GetName = "get name";

    /// <summary>Throws unless the agent agreed.</summary>
    /// <exception cref="LiveUpdateException">It did not.</exception>
    public static void ThrowIfRefused(LiveUpdateError error, string operation, SessionName session, Token? token = null)
    {
        if (error != LiveUpdateError.None)
            throw For(error, operation, session, token);
    }

    /// <summary>The exception for a refusal.</summary>
    public static LiveUpdateException For(
        LiveUpdateError error, string operation, SessionName session, Token? token = null, Exception? inner = null) =>
        Refusal.Create(error, operation, Explain(error, operation), session.Utf8.IsEmpty ? null : session.ToString(), token?.Value, inner: inner);

    /// <inheritdoc cref="For(LiveUpdateError, string, SessionName, Token?, Exception?)"/>
    public static LiveUpdateException For(LiveUpdateError error, string operation, SessionName session, Exception inner) =>
        For(error, operation, session, null, inner);

    private static string Explain(LiveUpdateError error, string operation) => (operation, error) switch
    {
        (_, LiveUpdateError.ConnectionReset) => "The agent is gone, and kept nothing: what was preserved with it is lost. Connect anew.",
        (_, LiveUpdateError.Shutdown) => "The session was handed over, or the agent has ended: retrieve the session anew.",
        (_, LiveUpdateError.TimedOut) => "The agent has not answered in time; an update may be under way.",
        (_, LiveUpdateError.Protocol) => "The agent could not read a frame of this process.",
        (_, LiveUpdateError.QuotaExceeded) => "A limit that the agent sets this user is reached.",
        (_, LiveUpdateError.TooManyFiles) =>
            "No descriptor is free in this process, or in the agent; raise RLIMIT_NOFILE (a session and every retrieved file cost one).",
        (_, LiveUpdateError.OutOfMemory) => "The agent has no memory for it.",
        (Open, LiveUpdateError.Busy) => "Somebody has the agent's device open, and it is set to have one opener at a time.",
        (Open, LiveUpdateError.AccessDenied) => "The agent does not serve this user.",
        (Adopt, _) => "The descriptor is no session of an agent's.",
        (Create, LiveUpdateError.InvalidArgument) => "A session's name has 1 to 63 bytes and no NUL.",
        (Create, LiveUpdateError.Exists) => "An outgoing session has this name, of this process or of another.",
        (Create, LiveUpdateError.NoSpace) => "The limit of outgoing sessions is reached.",
        (Retrieve, LiveUpdateError.NotFound) => "No such session came from the previous generation, or it has been finished and closed.",
        (Retrieve, LiveUpdateError.InvalidArgument) => "The session has been retrieved, and its descriptor is open in this process or in another.",
        (Retrieve, LiveUpdateError.AccessDenied) => "The session is another user's.",
        (Preserve, LiveUpdateError.InvalidArgument) => "An incoming session takes no such request (reference U-04), or the file is not taken.",
        (Preserve, LiveUpdateError.Exists) => "The token is in use in this session.",
        (Preserve, LiveUpdateError.BadDescriptor) => "The handle is not an open descriptor of a file.",
        (Preserve, LiveUpdateError.NotFound) => "No handler of the agent's takes this object; it carries descriptors only, and as a rule memfds.",
        (Preserve, LiveUpdateError.Busy) => "The file is preserved already, in this session or another, or was retrieved in a session that is not finished.",
        (Preserve, LiveUpdateError.NoSpace) => "The limit of files in a session is reached, or the agent's memory is full.",
        (RetrieveFile, LiveUpdateError.NotFound) => "The session has no file under this token, or has been finished.",
        (RetrieveFile, LiveUpdateError.InvalidArgument) =>
            "An outgoing session takes no such request (reference U-04), or the one attempt to rebuild the file failed with this.",
        (RetrieveFile, _) => "The one attempt to rebuild the file failed; it stays failed (reference R-04).",
        (Finish, LiveUpdateError.InvalidArgument) => "An outgoing session takes no such request (reference U-04).",
        (Finish, LiveUpdateError.Busy) => "A handler refuses to finish a file of the session; nothing changed, and it can be tried again.",
        _ => "The agent refused.",
    };
}
