using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Waits for so many events of an update.</summary>
internal sealed class CountedEvents(int count) : IProgress<AgentEvent>
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = count;

    /// <summary>Ends with the last of them; never if there are fewer.</summary>
    public Task Reached => _reached.Task;

    public void Report(AgentEvent value)
    {
        if (--_left <= 0)
            _reached.TrySetResult();
    }
}
