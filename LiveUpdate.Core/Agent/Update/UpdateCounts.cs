namespace LiveUpdate.Agent;

/// <summary>What the status says of the server around the update protocol.</summary>
internal readonly record struct UpdateCounts(
    long DeviceConnections, long OutgoingSessions, long IncomingSessions, long ParkedSessions, long Files, long Bytes);
