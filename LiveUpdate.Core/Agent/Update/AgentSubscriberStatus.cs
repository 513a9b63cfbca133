namespace LiveUpdate.Agent;

/// <summary>A subscriber as the agent sees it.</summary>
/// <param name="Id">The number of its connection, as in <see cref="AgentEvent.SubscriberId"/>.</param>
/// <param name="Name">The name that it gave itself.</param>
/// <param name="State">How far it is.</param>
public sealed record AgentSubscriberStatus(int Id, string Name, AgentSubscriberState State);
