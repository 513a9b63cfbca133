namespace LiveUpdate.Agent;

/// <summary>A file in a session that an agent holds.</summary>
/// <param name="Token">Its token.</param>
/// <param name="Handler">What preserves it: the handler's compatible string; empty if that is not known.</param>
/// <param name="Bytes">Its size in bytes; 0 if that is not known.</param>
/// <param name="IsRetrieved">Whether it was retrieved; never in a session that is not incoming.</param>
public sealed record AgentFileInfo(Token Token, string Handler, long Bytes, bool IsRetrieved);
