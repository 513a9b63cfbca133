using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>
/// Messages of the old side. A successor that fails says why and closes its end: what it said is the cause, not that it has gone.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class SuccessorExchange
{
    // A successor that keeps to the protocol has fewer messages on their way.
    private const int MostUnread = 16;

    /// <inheritdoc cref="SuccessorChannel.Send(SuccessorMessage, Deadline, ReadOnlySpan{byte}, ReadOnlySpan{SafeHandle})"/>
    public static void Send(
        SuccessorChannel channel,
        SuccessorMessage kind,
        Deadline deadline,
        ReadOnlySpan<byte> payload = default,
        ReadOnlySpan<SafeHandle> descriptors = default)
    {
        try
        {
            channel.Send(kind, deadline, payload, descriptors);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.BrokenPipe)
        {
            if (FindFailure(channel) is { } cause)
                throw cause;
            throw;
        }
    }

    /// <summary>Sends a message whose payload is one number.</summary>
    public static void Send(SuccessorChannel channel, SuccessorMessage kind, Deadline deadline, int number)
    {
        Span<byte> payload = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(payload, number);
        Send(channel, kind, deadline, payload);
    }

    /// <summary>The refusal that stands in the message that was received last.</summary>
    public static LiveUpdateException CannotTakeOver(SuccessorChannel channel)
    {
        SuccessorFailure failure = SuccessorFailure.Read(channel.PayloadMemory);
        return Refusal.Create(failure.Error, "hand over", $"The successor, process {channel.Peer.Id}, cannot take over. {failure.Message}");
    }

    private static LiveUpdateException? FindFailure(SuccessorChannel channel)
    {
        try
        {
            for (int messages = 0; messages < MostUnread; messages++)
            {
                if (channel.Receive(Deadline.After(TimeSpan.Zero)) == SuccessorMessage.Failed)
                    return CannotTakeOver(channel);
            }
        }
        catch (Exception exception) when (exception is LiveUpdateException or OperationCanceledException)
        {
            // It said nothing.
        }

        return null;
    }
}
