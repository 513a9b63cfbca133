namespace LiveUpdate.Agent;

/// <summary>A subscriber.</summary>
internal sealed class UpdateMember(UpdatePeer peer, string name)
{
    /// <summary>The connection.</summary>
    public UpdatePeer Peer => peer;

    /// <summary>The name that it gave itself.</summary>
    public string Name => name;

    /// <summary>How far it is.</summary>
    public AgentSubscriberState State { get; set; } = AgentSubscriberState.Subscribed;

    /// <summary>Whether claiming waits for it.</summary>
    public bool IsAwaited { get; set; }
}
