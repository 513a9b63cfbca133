using MessagePack;

namespace LiveUpdate;

/// <summary>Payloads in MessagePack that another process wrote, untrusted.</summary>
internal static class SuccessorPayload
{
    /// <summary>Whether an exception of the reader says that the bytes are damaged.</summary>
    /// <remarks>A text or a run of bytes with a length above 2^31 is <see cref="ArgumentOutOfRangeException"/>.</remarks>
    public static bool IsDamage(Exception exception) =>
        exception is MessagePackSerializationException or EndOfStreamException or OverflowException or ArgumentOutOfRangeException;
}
