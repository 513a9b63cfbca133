using Microsoft.Extensions.Logging;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>Prints warnings and what is worse.</summary>
internal sealed class ConsoleLogger : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Scenario.Say($"log: {formatter(state, exception)}");
    }
}
