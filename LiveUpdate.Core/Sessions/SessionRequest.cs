namespace LiveUpdate;

/// <summary>The requests of a session that somebody else carries out, in words, and what their errno means (reference 3.4).</summary>
internal static class SessionRequest
{
    public const string Create = "create session";
    public const string Retrieve = "retrieve session";
    public const string Preserve = "preserve";
    public const string RetrieveFile = "retrieve";
    public const string Finish = "finish";
    public const string GetName = "get name";

    /// <summary>The exception for a refusal.</summary>
    /// <param name="error">The errno.</param>
    /// <param name="operation">The request.</param>
    /// <param name="explanation">What the errno means in it.</param>
    /// <param name="session">The session's name; none for the device.</param>
    /// <param name="token">The file's token, if it was about a file.</param>
    /// <param name="inner">What it came from.</param>
    public static LiveUpdateException Refused(
        LiveUpdateError error, string operation, string explanation, SessionName session, Token? token, Exception? inner) =>
        Refusal.Create(error, operation, explanation, session.Utf8.IsEmpty ? null : session.ToString(), token?.Value, inner: inner);

    /// <summary>What an errno means whoever answers.</summary>
    /// <param name="error">The errno.</param>
    /// <param name="operation">The request.</param>
    /// <param name="who">Who answers: "kernel".</param>
    public static string Explain(LiveUpdateError error, string operation, string who) => (operation, error) switch
    {
        (_, LiveUpdateError.OutOfMemory) => $"The {who} has no memory for it.",
        (Create, LiveUpdateError.Exists) => "An outgoing session has this name, of this process or of another.",
        (Create, LiveUpdateError.NoSpace) => "The limit of outgoing sessions is reached.",
        (Retrieve, LiveUpdateError.InvalidArgument) => "The session has been retrieved, and its descriptor is open in this process or in another.",
        (Preserve, LiveUpdateError.InvalidArgument) => "An incoming session takes no such request (reference U-04), or the file is not taken.",
        (Preserve, LiveUpdateError.Exists) => "The token is in use in this session.",
        (Preserve, LiveUpdateError.BadDescriptor) => "The handle is not an open descriptor of a file.",
        (Preserve, LiveUpdateError.Busy) => "The file is preserved already, in this session or another, or was retrieved in a session that is not finished.",
        (RetrieveFile, LiveUpdateError.NotFound) => "The session has no file under this token, or has been finished.",
        (RetrieveFile, LiveUpdateError.InvalidArgument) =>
            "An outgoing session takes no such request (reference U-04), or the one attempt to rebuild the file failed with this.",
        (RetrieveFile, _) => "The one attempt to rebuild the file failed; it stays failed (reference R-04).",
        (Finish, LiveUpdateError.InvalidArgument) => "An outgoing session takes no such request (reference U-04).",
        (Finish, LiveUpdateError.Busy) => $"The {who} refuses to finish a file of the session; nothing changed, and it can be tried again.",
        _ => $"The {who} refused.",
    };
}
