using System.Buffers.Binary;
using System.Text;

namespace LiveUpdate.Agent;

/// <summary>A message between an agent and its keeper: one packet, at most one descriptor beside it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Key">The key it is about; empty for none.</param>
/// <param name="Number">The number that goes with it; 0 for none.</param>
/// <remarks>
/// A keeper lives on while the agent is replaced by newer versions: what is here stays as it is, and a keeper passes over what it does not
/// know.
/// <code>
/// off  size  field
///   0     1  version     1
///   1     1  kind        <see cref="KeeperMessage"/>
///   2     1  key_length  0 to 32
///   3     1  reserved    0
///   4     4  number      little-endian
///   8     n  key         ASCII
/// </code>
/// </remarks>
internal readonly record struct KeeperFrame(KeeperMessage Kind, string Key = "", uint Number = 0)
{
    /// <summary>The most bytes of a message.</summary>
    public const int MaxSize = HeaderSize + StoreKey.MaxLength;

    private const int HeaderSize = 8;
    private const byte Version = 1;

    /// <summary>Writes it.</summary>
    /// <param name="room">At least <see cref="MaxSize"/> bytes.</param>
    /// <returns>The part that was written.</returns>
    public Span<byte> Write(Span<byte> room)
    {
        (room[0], room[1], room[2], room[3]) = (Version, (byte)Kind, (byte)Key.Length, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(room[4..], Number);
        Encoding.ASCII.GetBytes(Key, room[HeaderSize..]);
        return room[..(HeaderSize + Key.Length)];
    }

    /// <summary>Reads a packet.</summary>
    /// <returns>False if it is no message of this version.</returns>
    public static bool TryRead(ReadOnlySpan<byte> packet, out KeeperFrame frame)
    {
        frame = default;
        if (packet.Length is < HeaderSize or > MaxSize || packet[0] != Version || packet[2] != packet.Length - HeaderSize)
            return false;
        string key = Encoding.ASCII.GetString(packet[HeaderSize..]);
        if (key.Length > 0 && !StoreKey.IsValid(key))
            return false;
        frame = new KeeperFrame((KeeperMessage)packet[1], key, BinaryPrimitives.ReadUInt32LittleEndian(packet[4..]));
        return true;
    }
}
