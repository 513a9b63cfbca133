using Microsoft.Extensions.Logging;

namespace LiveUpdate.Agent;

/// <summary>The messages of the agent.</summary>
internal static partial class AgentLog
{
    [LoggerMessage(60, LogLevel.Warning, "A client of user {User} does not keep to the protocol: {Reason}")]
    public static partial void Misbehaved(ILogger logger, uint user, string reason);

    [LoggerMessage(61, LogLevel.Error, "A connection of user {User} failed")]
    public static partial void ConnectionFailed(ILogger logger, uint user, Exception exception);

    [LoggerMessage(62, LogLevel.Warning, "The last close of session {Session} could not finish it; it is parked")]
    public static partial void CloseRefused(ILogger logger, string session, Exception exception);

    [LoggerMessage(63, LogLevel.Error, "Accepting a client at {Path} failed; tried again")]
    public static partial void AcceptFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(64, LogLevel.Information, "Session {Session} of user {User} is parked: its client closed it unfinished")]
    public static partial void Parked(ILogger logger, string session, uint user);

    [LoggerMessage(65, LogLevel.Error, "Session {Session} could not be rebuilt wholly after the agent's death")]
    public static partial void NotRebuilt(ILogger logger, string session, Exception exception);
}
