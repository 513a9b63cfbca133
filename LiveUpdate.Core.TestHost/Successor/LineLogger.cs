using Microsoft.Extensions.Logging;

namespace LiveUpdate.TestHost.Successor;

/// <summary>Keeps the messages.</summary>
internal sealed class LineLogger : ILogger
{
    private readonly List<string> _lines = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add($"{logLevel}: {formatter(state, exception)}");
    }

    /// <summary>Prints those with a word in them.</summary>
    public void Say(string word)
    {
        lock (_lines)
        {
            foreach (string line in _lines.Where(line => line.Contains(word, StringComparison.Ordinal)))
                Scenario.Say(line);
        }
    }
}
