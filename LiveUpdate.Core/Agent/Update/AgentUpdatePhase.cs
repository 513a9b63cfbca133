namespace LiveUpdate.Agent;

/// <summary>Where an agent is with an update (docs/agent.md, "The update"). The values are those of the protocol.</summary>
public enum AgentUpdatePhase
{
    /// <summary>No update is under way.</summary>
    Idle = 0,

    /// <summary>Subscribers bring themselves to rest; the update can still be called off by anybody.</summary>
    Preparing = 1,

    /// <summary>The agent hands over; requests on the device socket wait.</summary>
    Going = 2,

    /// <summary>The next generation is there, and subscribers take back what is theirs.</summary>
    Claiming = 3,

    /// <summary>This process has handed over and only ends.</summary>
    HandedOver = 4,
}
