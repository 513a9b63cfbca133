namespace LiveUpdate.Agent;

/// <summary>A session that an agent holds.</summary>
/// <param name="Name">Its name, unique on its side.</param>
/// <param name="IsIncoming">Whether it came with an update, or the next update hands it over.</param>
/// <param name="User">The user id of its owner.</param>
/// <param name="IsOpen">Whether somebody has it open; an incoming session that nobody has is parked.</param>
/// <param name="Files">How many files are in it.</param>
/// <param name="Bytes">Their size in bytes, as far as it is known.</param>
public sealed record AgentSessionInfo(SessionName Name, bool IsIncoming, uint User, bool IsOpen, long Files, long Bytes);
