namespace LiveUpdate.Agent;

/// <summary>What a subscriber has done in the update under way. The values are those of the protocol.</summary>
public enum AgentSubscriberState
{
    /// <summary>It takes part in updates, and in none that is under way.</summary>
    Subscribed = 1,

    /// <summary>It was told to prepare and has not answered.</summary>
    Preparing = 2,

    /// <summary>It is ready.</summary>
    Ready = 3,

    /// <summary>It refused, which called the update off.</summary>
    Refused = 4,

    /// <summary>It had not answered when the time to prepare was over, and the update went on without it.</summary>
    LeftBehind = 5,

    /// <summary>It was told that the next generation is there.</summary>
    Updated = 6,

    /// <summary>It has its sessions back.</summary>
    Claimed = 7,

    /// <summary>It has finished its sessions.</summary>
    Finished = 8,

    /// <summary>Its connection has ended.</summary>
    Gone = 9,
}
