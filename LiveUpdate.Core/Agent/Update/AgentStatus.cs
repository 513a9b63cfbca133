namespace LiveUpdate.Agent;

/// <summary>What an agent is doing and what it holds; a snapshot.</summary>
public sealed record AgentStatus
{
    /// <summary>The agent, as it is now: after an update, the successor.</summary>
    public required AgentInfo Agent { get; init; }

    /// <summary>How long the agent's process runs, exact to the millisecond.</summary>
    public TimeSpan Uptime { get; init; }

    /// <summary>Where it is with an update.</summary>
    public AgentUpdatePhase Phase { get; init; }

    /// <summary>The number of the update under way; 0 if there is none.</summary>
    public ulong Update { get; init; }

    /// <summary>The time left to prepare or to claim, exact to the millisecond; zero in other phases.</summary>
    public TimeSpan TimeLeft { get; init; }

    /// <summary>Connections to the device socket.</summary>
    public long DeviceConnections { get; init; }

    /// <summary>Sessions that the next update hands over.</summary>
    public long OutgoingSessions { get; init; }

    /// <summary>Sessions that came with an update and are not finished, parked ones included.</summary>
    public long IncomingSessions { get; init; }

    /// <summary>Incoming sessions that nobody has open.</summary>
    public long ParkedSessions { get; init; }

    /// <summary>Files in all sessions.</summary>
    public long Files { get; init; }

    /// <summary>The size of these files in bytes, as far as it is known.</summary>
    public long Bytes { get; init; }

    /// <summary>Who takes part in updates, in the order of their connections; the first 500.</summary>
    public IReadOnlyList<AgentSubscriberStatus> Subscribers { get; init; } = [];
}
