using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LiveUpdate.Samples.Luod;

/// <summary>The messages of the daemon: all of them go to standard error.</summary>
internal static class LuodLogging
{
    public static ILoggerFactory Create(LuodSettings settings) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(settings.IsVerbose ? LogLevel.Debug : LogLevel.Information);
        switch (settings.Log)
        {
            case LuodLogFormat.Json:
                logging.AddJsonConsole(static format => format.TimestampFormat = "O");
                break;
            case LuodLogFormat.Systemd:
                logging.AddSystemdConsole();
                break;
            default:
                logging.AddSimpleConsole(static format => (format.SingleLine, format.TimestampFormat) = (true, "HH:mm:ss.fff "));
                break;
        }

        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
