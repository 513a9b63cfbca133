using Microsoft.Extensions.Logging;

namespace LiveUpdate.Agent;

/// <summary>The messages of the update protocol, both sides.</summary>
internal static partial class UpdateLog
{
    [LoggerMessage(101, LogLevel.Information, "Update {Update} begins: {Count} subscribers have {Time} to prepare")]
    public static partial void Started(ILogger logger, ulong update, int count, TimeSpan time);

    [LoggerMessage(102, LogLevel.Warning, "Update {Update} is called off with {Error}: {Reason}")]
    public static partial void CalledOff(ILogger logger, ulong update, LiveUpdateError error, string reason);

    [LoggerMessage(103, LogLevel.Warning, "Update {Update} leaves subscribers behind that have not answered in time: {Names}")]
    public static partial void LeftBehind(ILogger logger, ulong update, string names);

    [LoggerMessage(
        104, LogLevel.Information, "Update {Update} is over: {Finished} subscribers have finished, and {Count} have not: {Names}")]
    public static partial void Over(ILogger logger, ulong update, uint finished, int count, string names);

    [LoggerMessage(105, LogLevel.Warning, "The update connection {Key} of {Program}, user {User}, is cut off: {Reason}")]
    public static partial void CutOff(ILogger logger, int key, string program, uint user, string reason);

    [LoggerMessage(106, LogLevel.Error, "A request of kind {Kind} on the update connection {Key} failed")]
    public static partial void RequestFailed(ILogger logger, byte kind, int key, Exception exception);

    [LoggerMessage(107, LogLevel.Error, "The subscriber's {Callback} failed in update {Update}")]
    public static partial void CallbackFailed(ILogger logger, string callback, ulong update, Exception exception);

    [LoggerMessage(108, LogLevel.Warning, "The agent died and came back as process {Process}")]
    public static partial void AgentRestarted(ILogger logger, int process);
}
