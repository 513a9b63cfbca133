using System.Buffers;
using MessagePack;

namespace LiveUpdate;

/// <summary>Why one side does not go on: the errno and a text for people. MessagePack, untrusted.</summary>
/// <param name="Error">The errno.</param>
/// <param name="Message">What happened.</param>
internal readonly record struct SuccessorFailure(LiveUpdateError Error, string Message)
{
    private const int MaxMessage = 16 << 10;

    /// <summary>What an exception says.</summary>
    public static SuccessorFailure Of(Exception exception)
    {
        LiveUpdateError error = exception switch
        {
            LiveUpdateImageException => LiveUpdateError.InvalidArgument,
            OperationCanceledException => LiveUpdateError.Canceled,
            _ => Errno.FromCallback(exception),
        };
        string message = $"{exception.GetType().Name}: {exception.Message}";
        return new SuccessorFailure(error, message.Length > MaxMessage ? message[..MaxMessage] : message);
    }

    /// <summary>Writes it.</summary>
    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(2);
        writer.Write((int)Error);
        writer.Write(Message);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads one; what cannot be read says so itself.</summary>
    public static SuccessorFailure Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            return reader.ReadArrayHeader() >= 2
                ? new SuccessorFailure(Errno.FromPeer(reader.ReadInt32()), reader.ReadString() ?? "")
                : new SuccessorFailure(LiveUpdateError.Protocol, "it gave no reason");
        }
        catch (Exception exception) when (SuccessorPayload.IsDamage(exception))
        {
            return new SuccessorFailure(LiveUpdateError.Protocol, "it gave a reason that cannot be read");
        }
    }
}
