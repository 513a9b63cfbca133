using System.Buffers.Binary;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>What stands before every message: magic, version, kind, length and number of descriptors, 16 bytes, little-endian.</summary>
/// <param name="Version">The protocol's version.</param>
/// <param name="Kind">The kind of message.</param>
/// <param name="Length">The bytes that follow.</param>
/// <param name="Descriptors">The descriptors beside the message.</param>
[SupportedOSPlatform("linux")]
internal readonly record struct SuccessorHeader(ushort Version, SuccessorMessage Kind, int Length, int Descriptors)
{
    public const int Size = 16;

    /// <summary>The version this library speaks; the header is the same in every version.</summary>
    public const ushort CurrentVersion = 1;

    /// <summary>The longest message; a hello with ten thousand compatible strings is half of it.</summary>
    public const int MaxLength = 1 << 20;

    private const uint Magic = 0x4355_534C;

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], (ushort)Kind);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], Descriptors);
    }

    /// <summary>Reads and checks a header.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: no header, or one that cannot be. EOPNOTSUPP: of another version.</exception>
    public static SuccessorHeader Read(ReadOnlySpan<byte> source)
    {
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (magic != Magic)
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"The other process sent 0x{magic:x8} where a message begins with 0x{Magic:x8}.");
        var header = new SuccessorHeader(
            BinaryPrimitives.ReadUInt16LittleEndian(source[4..]),
            (SuccessorMessage)BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[12..]));
        if (header.Version != CurrentVersion)
        {
            throw new LiveUpdateException(
                LiveUpdateError.NotSupported,
                $"The other process speaks version {header.Version} of the hand-over protocol; this one speaks version {CurrentVersion}.");
        }

        if (header.Length is < 0 or > MaxLength || header.Descriptors is < 0 or > DescriptorPassing.MaxPerMessage)
        {
            throw new LiveUpdateException(
                LiveUpdateError.Protocol, $"A message cannot have {header.Length} bytes and {header.Descriptors} descriptors.");
        }

        if (header.Descriptors > 0 && header.Kind is not (SuccessorMessage.Memory or SuccessorMessage.Descriptors))
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"The message {header.Kind} came with descriptors, and has none.");
        return header;
    }
}
