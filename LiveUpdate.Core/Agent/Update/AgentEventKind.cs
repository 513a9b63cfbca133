namespace LiveUpdate.Agent;

/// <summary>What an <see cref="AgentEvent"/> tells. The values are those of the protocol; a newer agent may send others.</summary>
public enum AgentEventKind
{
    /// <summary>
    /// A phase of an update has begun, or, as the first event of a watch, the agent is in it: <see cref="AgentEvent.Phase"/>.
    /// </summary>
    Phase = 1,

    /// <summary>A subscriber has come, gone, or got further: <see cref="AgentEvent.State"/>.</summary>
    Subscriber = 2,

    /// <summary>
    /// The update is called off: <see cref="AgentEvent.Error"/> and <see cref="AgentEvent.Reason"/>. Everything goes on as before.
    /// </summary>
    CalledOff = 3,

    /// <summary>The update is over.</summary>
    Over = 4,
}
