namespace LiveUpdate.Agent;

/// <summary>How a client waits for its agent.</summary>
public sealed class AgentDeviceOptions
{
    /// <summary>From the connect until the agent has greeted, and how long a close waits for it; 10 seconds unless set.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// From a request until its answer; 2 minutes unless set, for ever with <see cref="Timeout.InfiniteTimeSpan"/>. While an update is under
    /// way requests wait for its end.
    /// </summary>
    /// <remarks>A request that took too long may still be carried out: its answer is passed over when it comes.</remarks>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(2);
}
