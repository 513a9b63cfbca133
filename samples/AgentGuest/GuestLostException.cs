namespace LiveUpdate.Samples.AgentGuest;

/// <summary>The memory that came back is not the one that went.</summary>
internal sealed class GuestLostException(string message) : Exception(message);
