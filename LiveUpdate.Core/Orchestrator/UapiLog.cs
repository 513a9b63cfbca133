using Microsoft.Extensions.Logging;

namespace LiveUpdate;

/// <summary>The messages of the request dispatcher.</summary>
internal static partial class UapiLog
{
    [LoggerMessage(20, LogLevel.Warning, "The last close of a session could not finish it; it is listed again")]
    public static partial void CloseRefused(ILogger logger, Exception exception);
}
