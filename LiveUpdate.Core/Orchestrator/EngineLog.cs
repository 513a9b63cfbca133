using Microsoft.Extensions.Logging;

namespace LiveUpdate;

/// <summary>The messages of the engine: state changes, and what no caller would see otherwise.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "Generation {Number} is up; it came by {Target} with {Files} files")]
    public static partial void Booted(ILogger logger, ulong number, string? target, long files);

    [LoggerMessage(2, LogLevel.Error, "What the previous generation handed over cannot be read")]
    public static partial void DeserializationFailed(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "The image has {Count} oddities that are accepted: repeated tokens, or counts without files")]
    public static partial void ImageOddities(ILogger logger, int count);

    [LoggerMessage(4, LogLevel.Error, "\"{Callback}\" failed where it cannot refuse; the state change went on: {Reason}")]
    public static partial void CleanupFailed(ILogger logger, string callback, string reason);

    [LoggerMessage(6, LogLevel.Warning, "The hand-over of generation {Number} was called off and everything unfrozen")]
    public static partial void CalledOff(ILogger logger, ulong number, Exception cause);

    [LoggerMessage(
        7, LogLevel.Information, "Update {Number} by {Target} is done: {Files} files and {Descriptors} descriptors, with a pause of {Pause}")]
    public static partial void HandedOver(ILogger logger, ulong number, string target, long files, long descriptors, TimeSpan pause);

    [LoggerMessage(8, LogLevel.Critical, "The freeze hangs in session {Session}, file {File}: handler {Handler}, token {Token}")]
    public static partial void FreezeHangs(ILogger logger, string session, int file, string handler, string token);

    [LoggerMessage(9, LogLevel.Warning, "Session {Session} was finished with {Count} files that nobody retrieved, and they are dropped: {Files}")]
    public static partial void FilesDropped(ILogger logger, string session, int count, string files);

    [LoggerMessage(10, LogLevel.Warning, "{Count} descriptors that arrived were claimed by no file, and are closed now that every session is finished")]
    public static partial void DescriptorsDropped(ILogger logger, int count);

    [LoggerMessage(EventId = 11, Message = "The preflight of a hand-over by {Target} goes on with a finding: {Finding}")]
    public static partial void PreflightFound(ILogger logger, LogLevel level, PreflightFinding finding, string target);

    [LoggerMessage(12, LogLevel.Warning, "{Count} descriptors of an earlier hand-over came from the service manager and are dropped: {Reason}")]
    public static partial void StoredDescriptorsDropped(ILogger logger, int count, string reason);

    [LoggerMessage(
        13, LogLevel.Warning, "{Count} names could not be taken out of the service manager's store; the next hand-over takes them out: {Reason}")]
    public static partial void StoreNotCleared(ILogger logger, int count, string reason);

    [LoggerMessage(
        14, LogLevel.Warning, "{Count} sessions that came from the previous kernel were not finished, and end with the orchestrator; their memfds are dropped: {Sessions}")]
    public static partial void CarriedDropped(ILogger logger, int count, string sessions);
}
