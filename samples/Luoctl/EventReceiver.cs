using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl;

/// <summary>Gets events on the thread that reads them, in order; <see cref="Progress{T}"/> would give them to the pool.</summary>
internal sealed class EventReceiver(Action<AgentEvent> received) : IProgress<AgentEvent>
{
    public void Report(AgentEvent value) => received(value);
}
