using Microsoft.Extensions.Logging;

namespace LiveUpdate.Samples.Luod;

/// <summary>The daemon's own messages.</summary>
internal static partial class LuodLog
{
    [LoggerMessage(1, LogLevel.Information, "Serving at {Directory}, back end {BackEnd}, generation {Generation}, process {Process}")]
    public static partial void Serving(ILogger logger, string directory, string backEnd, ulong generation, int process);

    [LoggerMessage(2, LogLevel.Warning, "Nothing is kept should this process die: no keeper started it, and the service manager stores nothing")]
    public static partial void KeepsNothing(ILogger logger);

    [LoggerMessage(3, LogLevel.Information, "Replaced by a successor; ending")]
    public static partial void Replaced(ILogger logger);

    [LoggerMessage(4, LogLevel.Information, "Told to stop")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(5, LogLevel.Critical, "The successor took over and ended; ending too")]
    public static partial void Lost(ILogger logger, Exception exception);
}
