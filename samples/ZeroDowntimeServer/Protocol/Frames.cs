using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroDowntimeServer.Protocol;

/// <summary>Headers and payloads as they lie in a stream: both headers have the length of the payload as their last field.</summary>
internal static class Frames
{
    /// <summary>Takes one frame from the front of what was received, if all of it is there.</summary>
    /// <exception cref="InvalidDataException">The payload is longer than any may be.</exception>
    public static bool TryTake<THeader>(ref ReadOnlySequence<byte> received, out THeader header, out ReadOnlySequence<byte> payload)
        where THeader : unmanaged
    {
        (header, payload) = (default, default);
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<THeader>()];
        if (received.Length < bytes.Length)
            return false;
        received.Slice(0, bytes.Length).CopyTo(bytes);
        ulong length = MemoryMarshal.Read<ulong>(bytes[^sizeof(ulong)..]);
        if (length > RequestHeader.MaxPayload)
            throw new InvalidDataException($"A payload of {length} bytes: the longest has {RequestHeader.MaxPayload}.");
        if ((ulong)(received.Length - bytes.Length) < length)
            return false;
        header = MemoryMarshal.Read<THeader>(bytes);
        payload = received.Slice(bytes.Length, (long)length);
        received = received.Slice(payload.End);
        return true;
    }

    /// <summary>Puts one frame behind what is to be sent.</summary>
    public static void Put<THeader>(IBufferWriter<byte> unsent, in THeader header, in ReadOnlySequence<byte> payload)
        where THeader : unmanaged
    {
        unsent.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<THeader>(in header)));
        foreach (ReadOnlyMemory<byte> part in payload)
            unsent.Write(part.Span);
    }
}
