namespace ZeroDowntimeServer.Driving;

/// <summary>What the server must answer to a request.</summary>
/// <param name="Sequence">Of the request.</param>
/// <param name="Previous">What the cache must have held.</param>
/// <param name="Payload">Every byte of it.</param>
/// <param name="SentAt">When the request was sent, as a time stamp.</param>
internal sealed record ExpectedReply(ulong Sequence, ulong Previous, ReadOnlyMemory<byte> Payload, long SentAt);
