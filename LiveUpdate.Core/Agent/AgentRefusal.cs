namespace LiveUpdate.Agent;

/// <summary>What the agent's errno means in each operation, in words, and what to do about it.</summary>
internal static class AgentRefusal
{
    public const string Open = "open device";
    public const string Adopt = "use session descriptor";

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
        SessionRequest.Refused(error, operation, Explain(error, operation), session, token, inner);

    private static string Explain(LiveUpdateError error, string operation) => (operation, error) switch
    {
        (_, LiveUpdateError.ConnectionReset) => "The agent is gone, and kept nothing: what was preserved with it is lost. Connect anew.",
        (_, LiveUpdateError.Shutdown) => "The session was handed over, or the agent has ended: retrieve the session anew.",
        (_, LiveUpdateError.TimedOut) => "The agent has not answered in time; an update may be under way.",
        (_, LiveUpdateError.Protocol) => "The agent could not read a frame of this process.",
        (_, LiveUpdateError.QuotaExceeded) => "A limit that the agent sets this user is reached.",
        (_, LiveUpdateError.TooManyFiles) =>
            "No descriptor is free in this process, or in the agent; raise RLIMIT_NOFILE (a session and every retrieved file cost one).",
        (Open, LiveUpdateError.Busy) => "Somebody has the agent's device open, and it is set to have one opener at a time.",
        (Open, LiveUpdateError.AccessDenied) => "The agent does not serve this user.",
        (Adopt, _) => "The descriptor is no session of an agent's.",
        (SessionRequest.Create, LiveUpdateError.InvalidArgument) => "A session's name has 1 to 63 bytes and no NUL.",
        (SessionRequest.Retrieve, LiveUpdateError.NotFound) =>
            "No such session came from the previous generation, or it has been finished and closed.",
        (SessionRequest.Retrieve, LiveUpdateError.AccessDenied) => "The session is another user's.",
        (SessionRequest.Preserve, LiveUpdateError.NotFound) =>
            "No handler of the agent's takes this object; it carries descriptors only, and as a rule memfds.",
        (SessionRequest.Preserve, LiveUpdateError.NoSpace) => "The limit of files in a session is reached, or the agent's memory is full.",
        (SessionRequest.Finish, LiveUpdateError.Busy) =>
            "A handler refuses to finish a file of the session; nothing changed, and it can be tried again.",
        _ => SessionRequest.Explain(error, operation, "agent"),
    };
}
