using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>
/// One side of a hand-over as an input: messages that are all in the socket, and its end, when the other side begins to listen. A message is
/// a byte with kind and number of descriptors, a byte that says which, two bytes of length, and its payload.
/// </summary>
internal sealed class Conversation : IDisposable
{
    private const int HeaderLength = 4;
    private const int MostMessages = 48;

    // A kind that stands for bytes without a header.
    private const int Raw = 15;

    private readonly SafeFileHandle _events = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
    private readonly SafeFileHandle _other = SharedMemoryFile.Create(LuoAbi.PageSize, "other");

    /// <summary>A descriptor that can be preserved; the one that a message has for 0.</summary>
    public SafeFileHandle Events => _events;

    /// <summary>Another one that can be.</summary>
    public SafeFileHandle OtherEvents { get; } = Libc.Eventfd(0, Libc.EFD_CLOEXEC);

    /// <summary>What a message has for 1.</summary>
    public SafeFileHandle? Memory { get; set; }

    /// <summary>Makes a part of an input.</summary>
    public static byte[] Message(SuccessorMessage kind, ReadOnlySpan<byte> payload, int descriptors = 0, byte which = 0)
    {
        byte[] bytes = new byte[HeaderLength + payload.Length];
        (bytes[0], bytes[1]) = ((byte)((int)kind | (descriptors << 4)), which);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)payload.Length);
        payload.CopyTo(bytes.AsSpan(HeaderLength));
        return bytes;
    }

    /// <summary>A payload of numbers.</summary>
    public static byte[] Numbers(params int[] numbers) => [.. numbers.SelectMany(BitConverter.GetBytes)];

    /// <summary>Plays one side to the end, and gives the other one a channel to it.</summary>
    /// <param name="input">What this side says.</param>
    /// <param name="name">What the other side calls it.</param>
    /// <param name="ours">This side's end, which takes in what the other one says.</param>
    public SuccessorChannel Play(ReadOnlySpan<byte> input, string name, out SafeFileHandle ours)
    {
        (ours, SafeFileHandle theirs) = SocketPair.Create();
        for (int messages = 0; input.Length >= HeaderLength && messages < MostMessages; messages++)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input[2..]), input.Length - HeaderLength);
            Send(ours, input[0], input[1], input.Slice(HeaderLength, length));
            input = input[(HeaderLength + length)..];
        }

        _ = Libc.Shutdown(ours, Libc.SHUT_WR);
        ProcessHandle peer = ProcessHandle.CreateStandIn();
        peer.TryKill();
        return new SuccessorChannel(theirs, peer, name);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _events.Dispose();
        OtherEvents.Dispose();
        _other.Dispose();
    }

    private void Send(SafeFileHandle socket, byte kindAndCount, byte which, ReadOnlySpan<byte> payload)
    {
        int kind = kindAndCount & 15, count = kindAndCount >> 4;
        var descriptors = new SafeHandle[count];
        for (int i = 0; i < count; i++)
            descriptors[i] = ((which >> (2 * Math.Min(i, 3))) & 3) switch { 0 => _events, 1 => Memory ?? _other, _ => _other };
        byte[] message = new byte[(kind == Raw ? 0 : SuccessorHeader.Size) + payload.Length];
        if (kind != Raw)
            new SuccessorHeader(SuccessorHeader.CurrentVersion, (SuccessorMessage)kind, payload.Length, count).Write(message);
        payload.CopyTo(message.AsSpan(message.Length - payload.Length));
        if (message.Length > 0)
            SocketMessage.Send(socket, message, descriptors);
    }
}
