using System.Buffers.Binary;

namespace LiveUpdate.Agent;

/// <summary>Writes the headers of frames, and reads their parts.</summary>
internal static class AgentFrame
{
    private const int RequestOffset = sizeof(uint);
    private const int ErrorOffset = 2 * sizeof(uint);

    /// <summary>Begins a request whose struct has its place behind the header.</summary>
    public static void WriteRequest(Span<byte> frame, uint request)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[RequestOffset..], request);
    }

    /// <summary>Begins an answer.</summary>
    public static void WriteAnswer(Span<byte> frame, uint request, LiveUpdateError error)
    {
        WriteRequest(frame, request);
        BinaryPrimitives.WriteInt32LittleEndian(frame[ErrorOffset..], (int)error);
    }

    /// <summary>The number of the request in a frame of either kind.</summary>
    public static uint ReadRequest(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame[RequestOffset..]);

    /// <summary>The errno of an answer.</summary>
    public static LiveUpdateError ReadError(ReadOnlySpan<byte> frame) =>
        (LiveUpdateError)BinaryPrimitives.ReadInt32LittleEndian(frame[ErrorOffset..]);

    /// <summary>A field of an answer's struct; 0 if the answer is too short to have it.</summary>
    public static uint ReadField(ReadOnlySpan<byte> frame, int field)
    {
        ReadOnlySpan<byte> rest = frame[Math.Min(frame.Length, AgentProtocol.AnswerHeader + (field * sizeof(uint)))..];
        return rest.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(rest);
    }
}
