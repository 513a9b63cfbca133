using Microsoft.Extensions.Logging;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A logger that does something at every message, by its id.</summary>
internal sealed class TestLogger(Action<int> onMessage) : ILogger
{
    /// <summary>A generation is up.</summary>
    public const int Booted = 1;

    /// <summary>A freeze takes longer than it may.</summary>
    public const int FreezeHangs = 8;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        onMessage(eventId.Id);
}
