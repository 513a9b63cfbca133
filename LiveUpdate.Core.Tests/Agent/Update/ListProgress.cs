using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>Keeps the events of an update, and lets the test do something at each.</summary>
internal sealed class ListProgress(Action<AgentEvent>? happened = null) : IProgress<AgentEvent>
{
    public List<AgentEvent> Events { get; } = [];

    public void Report(AgentEvent value)
    {
        Events.Add(value);
        happened?.Invoke(value);
    }
}
