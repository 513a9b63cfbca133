namespace LiveUpdate.Agent;

/// <summary>A file in a session that an agent holds.</summary>
/// <param name="Token">Its token.</param>
/// <param name="Bytes">Its size in bytes when it was preserved.</param>
/// <param name="IsRetrieved">Whether it was retrieved; never in a session that is not incoming.</param>
public sealed record AgentFileInfo(Token Token, long Bytes, bool IsRetrieved);
