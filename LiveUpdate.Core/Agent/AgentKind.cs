namespace LiveUpdate.Agent;

/// <summary>What a connection is, as the agent describes it; none of them is the device.</summary>
[Flags]
internal enum AgentKind : uint
{
    None = 0,

    Session = 1,

    Incoming = 2,

    Finished = 4,
}
