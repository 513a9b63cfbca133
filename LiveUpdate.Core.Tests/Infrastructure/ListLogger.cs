using Microsoft.Extensions.Logging;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>Keeps the messages of a level and above. Safe for threads.</summary>
internal sealed class ListLogger(LogLevel level) : ILogger
{
    private readonly Lock _lock = new();
    private readonly List<string> _messages = [];

    public IReadOnlyList<string> Messages
    {
        get
        {
            lock (_lock)
                return [.. _messages];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= level;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        lock (_lock)
            _messages.Add(formatter(state, exception));
    }
}
