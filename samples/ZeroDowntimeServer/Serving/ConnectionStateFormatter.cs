using System.Buffers;
using System.IO.Pipelines;
using LiveUpdate;
using MessagePack;

namespace ZeroDowntimeServer.Serving;

/// <summary>Version 1 of a connection's state. The buffers are written from where they lie: this runs while everybody waits.</summary>
internal sealed class ConnectionStateFormatter : IStateFormatter<ConnectionState>
{
    /// <summary>The most that is ever written.</summary>
    public const int MaxBytes = ConnectionState.MaxBuffered + MaxHeaders;

    public static readonly ConnectionStateFormatter Instance = new();

    // A number of 9 bytes and two lengths of 5, in MessagePack.
    private const int MaxHeaders = 9 + 5 + 5;

    public int Version => 1;

    public void Serialize(ref MessagePackWriter writer, ConnectionState value)
    {
        writer.Write(value.Answered);
        Write(ref writer, value.Input.Reader);
        Write(ref writer, value.Output.Reader);
    }

    public ConnectionState Deserialize(ref MessagePackReader reader, int version)
    {
        var state = new ConnectionState { Answered = reader.ReadUInt64() };
        state.Carried = (Read(ref reader, state.Input), Read(ref reader, state.Output));
        return state;
    }

    private static void Write(ref MessagePackWriter writer, PipeReader buffered)
    {
        if (!buffered.TryRead(out ReadResult read))
        {
            writer.WriteBinHeader(0);
            return;
        }

        writer.Write(read.Buffer);
        buffered.AdvanceTo(read.Buffer.Start);
    }

    private static int Read(ref MessagePackReader reader, Pipe buffer)
    {
        ReadOnlySequence<byte> bytes = reader.ReadBytes() ?? throw new MessagePackSerializationException("A buffer is missing.");
        if (bytes.Length > ConnectionState.MaxBuffered)
            throw new MessagePackSerializationException($"A buffer of {bytes.Length} bytes is longer than any.");
        foreach (ReadOnlyMemory<byte> part in bytes)
            buffer.Writer.Write(part.Span);
        ConnectionState.Flush(buffer);
        return (int)bytes.Length;
    }
}
