namespace ZeroDowntimeServer.Driving;

/// <summary>Something that no update may lose is lost: a connection, a byte, a count, a value, or the server itself.</summary>
internal sealed class LostException(string message) : Exception(message);
