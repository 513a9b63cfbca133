using System.Diagnostics;
using System.IO.Pipelines;
using ZeroDowntimeServer.Protocol;

namespace ZeroDowntimeServer.Serving;

/// <summary>
/// What a connection is beside its socket: how far it has come, and the bytes that this process has taken from the socket, or not yet given
/// to it. Without them the next generation would go on in the middle of a message.
/// </summary>
internal sealed class ConnectionState
{
    /// <summary>The most that is received at once, and the most that is answered before it is sent, the last reply not counted.</summary>
    public const int Chunk = RequestHeader.MaxPayload;

    /// <summary>The most bytes that can be in both buffers: a part of a frame and a chunk, a chunk and a whole reply.</summary>
    public const int MaxBuffered = (2 * Chunk) + RequestHeader.Size + ReplyHeader.Size + (2 * RequestHeader.MaxPayload);

    // Both buffers are bounded by the code that fills them, and so a flush never waits.
    private static readonly PipeOptions s_options = new(pauseWriterThreshold: 0, useSynchronizationContext: false);

    /// <summary>The bytes that came from the generation before.</summary>
    public (int Received, int Unsent) Carried { get; set; }

    /// <summary>How many requests of this connection have been answered.</summary>
    public ulong Answered { get; set; }

    /// <summary>Received, and not yet answered.</summary>
    public Pipe Input { get; } = new(s_options);

    /// <summary>Answered, and not yet sent.</summary>
    public Pipe Output { get; } = new(s_options);

    /// <summary>Makes what was written to a buffer readable.</summary>
    public static void Flush(Pipe buffer)
    {
        ValueTask<FlushResult> flush = buffer.Writer.FlushAsync();
        if (!flush.IsCompletedSuccessfully)
            throw new UnreachableException("A buffer without a limit is flushed at once.");
    }
}
