namespace LiveUpdate.Agent;

/// <summary>What a message between an agent and its keeper is.</summary>
internal enum KeeperMessage : byte
{
    /// <summary>
    /// To the keeper: this process is the agent from now on. Its process id, and its pidfd beside it. Answered with <see cref="Welcome"/>.
    /// </summary>
    Hello = 1,

    /// <summary>To the keeper: give everything. Answered with <see cref="Given"/> for each, and <see cref="End"/>.</summary>
    Take = 2,

    /// <summary>To the keeper: as <see cref="Take"/>, without the descriptors.</summary>
    List = 3,

    /// <summary>To the keeper: keep the descriptor beside it under the key, in the place of another one.</summary>
    Store = 4,

    /// <summary>To the keeper: let the key's descriptor go.</summary>
    Remove = 5,

    /// <summary>To the keeper: the agent ends, and is not to be started again.</summary>
    Stop = 6,

    /// <summary>From the keeper: how many descriptors it can keep.</summary>
    Welcome = 64,

    /// <summary>From the keeper: a key, and its descriptor beside it.</summary>
    Given = 65,

    /// <summary>From the keeper: how many were given.</summary>
    End = 66,
}
